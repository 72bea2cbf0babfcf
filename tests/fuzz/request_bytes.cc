#include "tests/fuzz/request_bytes.h"

namespace virtcrypt::fuzz {

test::Bytes filling(std::size_t count, std::uint8_t seed) {
  test::Bytes content(count);
  std::uint32_t state = 0x9E37'79B9U ^ seed;
  for (std::byte& byte : content) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return content;
}

namespace {

constexpr std::uint8_t kRight = 200;  // of 256

}  // namespace

std::size_t nearly(Reader& bytes, std::size_t right) {
  const std::uint8_t choice = bytes.u8();
  if (choice < kRight) return right;
  const std::size_t change = choice - kRight + 1U;
  if (choice % 2 == 0) return right + change;
  return right > change ? right - change : 0;
}

std::uint32_t nearly_field(Reader& bytes, std::uint32_t right) {
  const std::uint8_t choice = bytes.u8();
  if (choice < kRight) return right;
  const std::uint32_t change = choice - kRight + 1U;
  return choice % 2 == 0 ? right + change : right - change;
}

std::size_t text_length(Reader& bytes, std::size_t block, std::size_t least) {
  const std::uint8_t choice = bytes.u8();
  if (choice < 192) return least + block * (choice % 12U);
  return (std::size_t{choice} * 256U + bytes.u8()) % 4096U;
}

}  // namespace virtcrypt::fuzz
