#include "tests/driver/bytes.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

namespace virtcrypt::test {

Bytes from_hex(std::string_view digits) {
  const auto value_of = [](char digit) -> unsigned {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
    throw std::invalid_argument("not a hexadecimal digit");
  };
  std::string clean;
  std::copy_if(digits.begin(), digits.end(), std::back_inserter(clean),
               [](char c) { return c != ' ' && c != '\n'; });
  if (clean.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
  Bytes bytes;
  for (std::size_t i = 0; i < clean.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(value_of(clean[i]) << 4 | value_of(clean[i + 1])));
  }
  return bytes;
}

Bytes joined(Bytes front, std::span<const std::byte> back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

Bytes part(std::span<const std::byte> bytes, std::size_t offset, std::size_t count) {
  const auto piece = bytes.subspan(offset, count);
  return {piece.begin(), piece.end()};
}

Wire& Wire::integer(std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i)
    bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
  return *this;
}

Wire& Wire::bytes(std::span<const std::byte> content) {
  bytes_.insert(bytes_.end(), content.begin(), content.end());
  return *this;
}

Wire& Wire::zeros(std::size_t count) {
  bytes_.resize(bytes_.size() + count);
  return *this;
}

}  // namespace virtcrypt::test
