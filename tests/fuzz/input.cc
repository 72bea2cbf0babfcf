#include "tests/fuzz/input.h"

#include <algorithm>

namespace virtcrypt::fuzz {

Input parse_input(std::span<const std::uint8_t> bytes) {
  Reader header(bytes.first(std::min<std::size_t>(bytes.size(), 2)));
  Input input;
  const std::uint8_t first = header.u8();
  input.target = first & 0xFU;
  input.options = static_cast<std::uint8_t>(unsigned{first} >> 4U);
  input.features = header.u8();
  std::size_t at = 2;
  while (at + 2 <= bytes.size() && input.steps.size() < kMostSteps) {
    const std::size_t wanted = bytes[at + 1];
    const std::size_t count = std::min(wanted, bytes.size() - at - 2);
    const auto content = bytes.subspan(at + 2, count);
    input.steps.push_back({bytes[at], {content.begin(), content.end()}});
    at += 2 + count;
  }
  return input;
}

std::vector<std::uint8_t> bytes_of(const Input& input) {
  const auto first = static_cast<std::uint8_t>(unsigned{input.options} << 4U | (input.target & 0xFU));
  std::vector<std::uint8_t> bytes{first, input.features};
  for (const Step& step : input.steps) {
    bytes.push_back(step.kind);
    bytes.push_back(static_cast<std::uint8_t>(step.bytes.size()));
    bytes.insert(bytes.end(), step.bytes.begin(), step.bytes.end());
  }
  return bytes;
}

std::uint64_t Reader::take(std::size_t count) {
  std::uint64_t value = 0;
  const std::size_t there = std::min(count, bytes_.size());
  for (std::size_t i = 0; i < there; ++i)
    value |= std::uint64_t{bytes_[i]} << (8 * i);
  bytes_ = bytes_.subspan(there);
  return value;
}

}  // namespace virtcrypt::fuzz
