// The modes of SP 800-38A over any block cipher of Crypto++, a run of blocks at a time.
#pragma once

#include <cstddef>

#include <cryptopp/cryptlib.h>

namespace virtcrypt::crypto {

constexpr std::size_t kMaxCipherBlockBytes = 16;

// Runs a mode over whole blocks that lie contiguously on both sides; `in` == `out` is allowed, any other
// overlap is not. `bytes` is not 0. `chain` is the mode's state between calls, a block long: the previous
// ciphertext block, or the next counter block.
using RunBlocks = void (*)(const CryptoPP::BlockTransformation& cipher, CryptoPP::byte* chain,
                           const CryptoPP::byte* in, CryptoPP::byte* out, std::size_t bytes);

void run_ecb(const CryptoPP::BlockTransformation& cipher, CryptoPP::byte* chain, const CryptoPP::byte* in,
             CryptoPP::byte* out, std::size_t bytes);
void encrypt_cbc(const CryptoPP::BlockTransformation& cipher, CryptoPP::byte* chain, const CryptoPP::byte* in,
                 CryptoPP::byte* out, std::size_t bytes);
void decrypt_cbc(const CryptoPP::BlockTransformation& cipher, CryptoPP::byte* chain, const CryptoPP::byte* in,
                 CryptoPP::byte* out, std::size_t bytes);
// Both directions; `cipher` enciphers.
void run_ctr(const CryptoPP::BlockTransformation& cipher, CryptoPP::byte* chain, const CryptoPP::byte* in,
             CryptoPP::byte* out, std::size_t bytes);

}  // namespace virtcrypt::crypto
