// What ECDSA encodes in DER: private keys (RFC 5915) and signatures (RFC 3279, 2.2.3). The bytes come from a
// guest.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "virtcrypt/crypto/algorithms.h"
#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto {

// Parts point into the parsed bytes.
struct EcPrivateKeyParts {
  std::span<const std::byte> scalar;  // big-endian
  std::span<const std::byte> point;   // SEC 1 octets of the public key; empty when the key has none
};

// Exactly one ECPrivateKey that fills `der`, version 1. Its parameters may be missing; else they must name
// `curve` (explicit domain parameters are refused, as they are by RFC 5480).
[[nodiscard]] std::optional<EcPrivateKeyParts> parse_ec_private_key(Curve curve,
                                                                    std::span<const std::byte> der);

// Unsigned big-endian numbers without leading zeros, never empty; they point into the parsed bytes.
struct EcdsaSignatureParts {
  std::span<const std::byte> r;
  std::span<const std::byte> s;
};

// Exactly one SEQUENCE of two positive INTEGERs that fills `der`, all in their shortest form: a signature has
// one encoding. nullopt for zero, too.
[[nodiscard]] std::optional<EcdsaSignatureParts> parse_ecdsa_signature(std::span<const std::byte> der);

// The encoding of the numbers, which are big-endian, positive, at most 66 octets (P-521) and may begin with
// zeros.
[[nodiscard]] SecureBuffer encode_ecdsa_signature(const EcdsaSignatureParts& numbers);

}  // namespace virtcrypt::crypto
