// The paddings of PKCS #1 v1.5: RSAES-PKCS1-v1_5 (RFC 8017, 7.2) and EMSA-PKCS1-v1_5 (9.2). An encoded
// message is always as long as the modulus.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <cryptopp/cryptlib.h>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::crypto {

// 00 02 <at least eight random non-zero octets> 00 <message>. False when the message is too long for
// `encoded`.
[[nodiscard]] bool pad_for_encryption(CryptoPP::RandomNumberGenerator& random,
                                      std::span<const std::byte> message, std::span<std::byte> encoded);

// The message inside `encoded`; nullopt when the padding is wrong in whatever way. Takes the same time and
// the same path for every content of `encoded`, so that the one answer "wrong" tells no more than that (RFC
// 8017, 7.2.2, note).
[[nodiscard]] std::optional<std::span<const std::byte>> unpad_decrypted(std::span<const std::byte> encoded);

// Whether encode_for_signature knows `hash`: kNone, MD2, MD4, MD5, SHA-1 and SHA-2.
[[nodiscard]] bool has_digest_info(HashAlgorithm hash);

// 00 01 <at least eight FF> 00 <DigestInfo of hash and digest>, or with kNone the digest as it is. False when
// `digest` is not as long as the hash's digests are, or too long for `encoded`, or there is no DigestInfo.
[[nodiscard]] bool encode_for_signature(HashAlgorithm hash, std::span<const std::byte> digest,
                                        std::span<std::byte> encoded);

}  // namespace virtcrypt::crypto
