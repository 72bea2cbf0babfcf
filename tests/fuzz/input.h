// What a fuzzer feeds to the device: a short header and a list of steps, each of which any bytes can be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virtcrypt::fuzz {

constexpr std::size_t kMostSteps = 64;
constexpr std::size_t kMostStepBytes = 255;

// Begins inputs of the differential fuzzer, whose steps are requests (differential/request.h).
constexpr std::uint8_t kDifferentialNumber = 0xd1;

// On the wire: kind, number of bytes, bytes.
struct Step {
  std::uint8_t kind = 0;
  std::vector<std::uint8_t> bytes;  // at most kMostStepBytes
};

struct Input {
  // One byte on the wire: Target::number in the lower half and power_on_option bits of operations.h in the
  // upper one; or kDifferentialNumber.
  std::uint8_t target = 0;
  std::uint8_t options = 0;
  std::uint8_t features = 0;  // start_bit bits of operations.h
  std::vector<Step> steps;    // at most kMostSteps
};

// Takes any bytes; what is missing at the end is left out, what is too much is not looked at.
[[nodiscard]] Input parse_input(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::vector<std::uint8_t> bytes_of(const Input& input);

// Little-endian fields out of a step; behind the end all is 0.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(take(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(take(4)); }
  std::uint64_t u64() { return take(8); }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return bytes_; }

 private:
  std::uint64_t take(std::size_t count);
  std::span<const std::uint8_t> bytes_;
};

}  // namespace virtcrypt::fuzz
