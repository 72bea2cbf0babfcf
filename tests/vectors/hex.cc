#include "tests/vectors/hex.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace virtcrypt::vectors {
namespace {

constexpr std::size_t kQuoted = 40;  // characters of a bad value that an error repeats

unsigned nibble(char digit, std::string_view all, std::size_t line) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  throw ParseError(line, "'" + std::string(all.substr(0, kQuoted)) + "' is not hexadecimal");
}

}  // namespace

Bytes parse_hex(std::string_view digits, std::size_t line) {
  if (digits.size() % 2 != 0)
    throw ParseError(line,
                     "odd count of hexadecimal digits: '" + std::string(digits.substr(0, kQuoted)) + "'");
  Bytes bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(nibble(digits[2 * i], digits, line) << 4U |
                                      nibble(digits[2 * i + 1], digits, line));
  }
  return bytes;
}

Bytes parse_hex_number(std::string_view digits, std::size_t line) {
  Bytes number = parse_hex(std::string(digits.size() % 2, '0') + std::string(digits), line);
  number.erase(number.begin(), std::find_if(number.begin(), number.end(),
                                            [](std::byte octet) { return octet != std::byte{0}; }));
  return number;
}

std::uint64_t parse_decimal(std::string_view digits, std::size_t line) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size())
    throw ParseError(line, "'" + std::string(digits.substr(0, kQuoted)) + "' is not a number");
  return value;
}

Bytes left_padded(const Bytes& number, std::size_t bytes) {
  Bytes padded(number.size() < bytes ? bytes - number.size() : 0);
  padded.insert(padded.end(), number.begin(), number.end());
  return padded;
}

Bytes joined(const Bytes& front, const Bytes& back) {
  Bytes whole = front;
  whole.insert(whole.end(), back.begin(), back.end());
  return whole;
}

}  // namespace virtcrypt::vectors
