// Bytes as tests write them down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace virtcrypt::test {

using Bytes = std::vector<std::byte>;

// Bytes from hexadecimal digits; blanks between them are skipped.
[[nodiscard]] Bytes from_hex(std::string_view digits);

[[nodiscard]] Bytes joined(Bytes front, std::span<const std::byte> back);
// `count` bytes from `offset` on, which are there.
[[nodiscard]] Bytes part(std::span<const std::byte> bytes, std::size_t offset, std::size_t count);

// Little-endian fields, one after the other.
class Wire {
 public:
  Wire& byte(std::uint8_t value) { return integer(value, 1); }
  Wire& le32(std::uint32_t value) { return integer(value, 4); }
  Wire& le64(std::uint64_t value) { return integer(value, 8); }
  Wire& bytes(std::span<const std::byte> content);
  Wire& zeros(std::size_t count);
  [[nodiscard]] const Bytes& done() const { return bytes_; }
  operator std::span<const std::byte>() const { return bytes_; }

 private:
  Wire& integer(std::uint64_t value, unsigned width);
  Bytes bytes_;
};

}  // namespace virtcrypt::test
