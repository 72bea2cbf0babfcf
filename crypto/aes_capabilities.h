// What the rows of AES modes say, whichever engine they belong to.
#pragma once

#include <string_view>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto {

constexpr KeyBytes kAesKey{16, 32, 8};
constexpr std::uint16_t kAesBlockBytes = 16;

[[nodiscard]] constexpr CipherCapability aes_cbc_capability(std::string_view engine) {
  return {CipherAlgorithm::kAesCbc,   "AES-CBC", kAesKey, kAesBlockBytes, kAesBlockBytes, 0,
          "FIPS 197, SP 800-38A 6.2", engine};
}

[[nodiscard]] constexpr CipherCapability aes_ctr_capability(std::string_view engine) {
  return {CipherAlgorithm::kAesCtr,   "AES-CTR", kAesKey, kAesBlockBytes, 1, 0,
          "FIPS 197, SP 800-38A 6.5", engine};
}

}  // namespace virtcrypt::crypto
