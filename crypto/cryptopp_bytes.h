// Our bytes and Crypto++'s are the same octets under two type names; this is the one place that converts.
#pragma once

#include <cstddef>
#include <span>

#include <cryptopp/config.h>

namespace virtcrypt::crypto {

[[nodiscard]] inline const CryptoPP::byte* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const CryptoPP::byte*>(bytes.data());
}

[[nodiscard]] inline CryptoPP::byte* octets(std::span<std::byte> bytes) {
  return reinterpret_cast<CryptoPP::byte*>(bytes.data());
}

}  // namespace virtcrypt::crypto
