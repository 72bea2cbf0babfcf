// One block whose encryption is known, for tests that only want to see requests answered rightly.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/driver/crypto_driver.h"

namespace virtcrypt::test {

// SP 800-38A, F.1.1 (ECB-AES128), first block.
inline const Bytes kBlockKey = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
inline const Bytes kBlockPlain = from_hex("6bc1bee22e409f96e93d7e117393172a");
inline const Bytes kBlockCipher = from_hex("3ad77bb40d7a3660a89ecaf32466ef97");

[[nodiscard]] inline std::uint64_t create_block_session(CryptoDriver& driver) {
  return driver.create_cipher(wire_number::kAesEcb, kBlockKey, wire_number::kEncrypt);
}

// Encrypts the block so many times over.
[[nodiscard]] inline Request encrypt_blocks(std::uint64_t session, std::size_t count = 1) {
  Bytes plain;
  for (std::size_t i = 0; i < count; ++i)
    plain.insert(plain.end(), kBlockPlain.begin(), kBlockPlain.end());
  return CryptoDriver::cipher(wire_number::kCipherEncrypt, session, {}, plain);
}

[[nodiscard]] inline bool is_right(const Answer& answer, std::size_t count = 1) {
  if (answer.written.size() != 16 * count + 1 || answer.status() != wire_number::kOk) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::equal(kBlockCipher.begin(), kBlockCipher.end(),
                    answer.written.begin() + static_cast<std::ptrdiff_t>(16 * i)))
      return false;
  }
  return true;
}

}  // namespace virtcrypt::test
