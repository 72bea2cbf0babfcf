// Numbers of the wire (VIRTIO 1.4, 5.9.3 and 5.9.9) that the vector runner sends, written out once more: the
// device's own table is under test.
#pragma once

#include <cstdint>

namespace virtcrypt::vectors::number {

constexpr std::uint32_t kArc4 = 1, kAesEcb = 2, kAesCbc = 3, kAesCtr = 4, kTripleDesEcb = 7,
                        kTripleDesCbc = 8, kAesXts = 13;
constexpr std::uint32_t kMd5 = 1, kSha1 = 2, kSha224 = 3, kSha256 = 4, kSha384 = 5, kSha512 = 6,
                        kSha3_224 = 7, kSha3_256 = 8, kSha3_384 = 9, kSha3_512 = 10, kShake128 = 11,
                        kShake256 = 12;
constexpr std::uint32_t kHmacMd5 = 1, kHmacSha1 = 2, kHmacSha224 = 3, kHmacSha256 = 4, kHmacSha384 = 5,
                        kHmacSha512 = 6, kCmacTripleDes = 25, kCmacAes = 26, kGmacAes = 41;
constexpr std::uint32_t kGcm = 1, kCcm = 2, kChacha20Poly1305 = 3;

constexpr std::uint32_t kPublic = 1, kPrivate = 2;
constexpr std::uint32_t kPkcs1 = 1;
constexpr std::uint32_t kRsaNoHash = 0, kRsaMd5 = 4, kRsaSha1 = 5, kRsaSha256 = 6, kRsaSha384 = 7,
                        kRsaSha512 = 8, kRsaSha224 = 9;
constexpr std::uint32_t kP192 = 1, kP224 = 2, kP256 = 3, kP384 = 4, kP521 = 5;

constexpr std::uint32_t kEncrypt = 1, kDecrypt = 2;

}  // namespace virtcrypt::vectors::number
