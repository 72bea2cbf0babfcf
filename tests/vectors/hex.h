// Numbers and octets as vector files write them. Everything that is not one throws ParseError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

// Octets: an even count of hexadecimal digits.
[[nodiscard]] Bytes parse_hex(std::string_view digits, std::size_t line);
// A number: an odd count of digits is taken, leading zeros are dropped.
[[nodiscard]] Bytes parse_hex_number(std::string_view digits, std::size_t line);
[[nodiscard]] std::uint64_t parse_decimal(std::string_view digits, std::size_t line);

// Leading zeros up to `bytes`; longer numbers stay as they are.
[[nodiscard]] Bytes left_padded(const Bytes& number, std::size_t bytes);
[[nodiscard]] Bytes joined(const Bytes& front, const Bytes& back);

}  // namespace virtcrypt::vectors
