// KASUMI's f8 and f9 on our own block cipher (3GPP TS 35.201).
#pragma once

#include <cstddef>
#include <span>

#include "virtcrypt/crypto/cipher_session.h"
#include "virtcrypt/crypto/kasumi.h"
#include "virtcrypt/crypto/mac_session.h"

namespace virtcrypt::crypto {

// What 3GPP's rows say, whichever engine they belong to.
constexpr KeyBytes kThreeGppKey{16, 16, 1};
constexpr std::size_t kThreeGppMacBytes = 4;

constexpr Cost kOwnKasumiCost{300, 18000};

[[nodiscard]] constexpr CipherCapability kasumi_f8_capability(std::string_view engine) {
  return {CipherAlgorithm::kKasumiF8, "KASUMI-F8", kThreeGppKey, kKasumiBlockBytes, 1, 0,
          "3GPP TS 35.201, 3",        engine};
}
[[nodiscard]] constexpr MacCapability kasumi_f9_capability(std::string_view engine) {
  return {MacAlgorithm::kKasumiF9, "KASUMI-F9",         kThreeGppKey, 0,
          kThreeGppMacBytes,       "3GPP TS 35.201, 4", engine};
}

// Enciphers or deciphers from `in` to `out`.
void run_kasumi_f8(const KasumiF8& f8, InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                   std::size_t bytes);

// The padded string PS in one piece, where it lies or in `copy`; empty when the text is not one: PS is whole
// blocks, and not none.
[[nodiscard]] std::span<const std::byte> padded_string(const Operation& operation, SecureBuffer& copy);

}  // namespace virtcrypt::crypto
