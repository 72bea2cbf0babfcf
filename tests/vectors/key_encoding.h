// Keys and signatures that files give as numbers, in the encodings that the wire wants (VIRTIO 1.4, 5.9.8.6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

// Numbers are unsigned and big-endian. RSAPublicKey and RSAPrivateKey (RFC 8017, A.1).
[[nodiscard]] Bytes rsa_public_key(const Bytes& modulus, const Bytes& exponent);

struct RsaPrivateNumbers {
  Bytes modulus, public_exponent, private_exponent;
  Bytes prime1, prime2, exponent1, exponent2, coefficient;  // all empty: written as zeros
};
[[nodiscard]] Bytes rsa_private_key(const RsaPrivateNumbers& numbers);

struct CurveName {
  std::string_view nist;    // "P-256"
  std::string_view secg;    // "secp256r1"
  std::uint32_t number;     // on the wire
  std::size_t field_bytes;  // of a coordinate, and of a scalar
};
// nullptr: not one of the service's curves. By either name.
[[nodiscard]] const CurveName* find_curve(std::string_view name);

// Uncompressed (SEC 1, 2.3.3).
[[nodiscard]] Bytes ec_point(const CurveName& curve, const Bytes& x, const Bytes& y);
// ECPrivateKey (RFC 5915); with an empty point, without public key.
[[nodiscard]] Bytes ec_private_key(const CurveName& curve, const Bytes& scalar, const Bytes& point);
[[nodiscard]] Bytes ecdsa_signature(const Bytes& r, const Bytes& s);

}  // namespace virtcrypt::vectors
