// Reads DER (X.690, 10) element by element. The octets come from a guest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace virtcrypt::crypto {

// The identifier octets that keys and signatures consist of.
enum class DerTag : std::uint8_t {
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kObjectIdentifier = 0x06,
  kSequence = 0x30,
  kContext0 = 0xA0,  // [0] and [1], explicit
  kContext1 = 0xA1,
};

// Takes elements off the front of a string of octets, which it borrows; every length is checked against what
// is left before it is used. Lengths must be definite and in their shortest form, and below 64 KiB.
class DerReader {
 public:
  explicit DerReader(std::span<const std::byte> octets) : rest_(octets) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // Whether the next element carries `tag`.
  [[nodiscard]] bool is_next(DerTag tag) const;

  // The content of the next element, which must carry `tag` and must not be empty.
  [[nodiscard]] std::optional<std::span<const std::byte>> take(DerTag tag);

 private:
  std::optional<std::uint8_t> take_octet();
  std::optional<std::size_t> take_length();

  std::span<const std::byte> rest_;
};

// A reader of what is inside the one element with `tag` that `octets` has to be, from the first to the last.
[[nodiscard]] std::optional<DerReader> open_der(DerTag tag, std::span<const std::byte> octets);

}  // namespace virtcrypt::crypto
