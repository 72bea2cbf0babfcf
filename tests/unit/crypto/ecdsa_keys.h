// ECDSA keys and signatures for tests, in DER written by hand, and digests.
#pragma once

#include <string>

#include "tests/unit/crypto/run.h"
#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::tests {

// The scalar of RFC 6979, A.2.3 to A.2.7, and its public point, compressed and not, as OpenSSL computes it.
[[nodiscard]] Bytes ec_scalar(crypto::Curve curve);
[[nodiscard]] Bytes ec_point(crypto::Curve curve);
[[nodiscard]] Bytes ec_compressed_point(crypto::Curve curve);

// [0] parameters and [1] publicKey of RFC 5915, ready to be members of the key.
[[nodiscard]] Bytes ec_parameters(crypto::Curve curve);
[[nodiscard]] Bytes ec_public_member(const Bytes& point);

// ECPrivateKey of version 1 with members behind the scalar.
[[nodiscard]] Bytes ec_private_der(const Bytes& scalar, const Bytes& members = {});

// 04, x, y with coordinates of `bytes` octets.
[[nodiscard]] Bytes uncompressed_point(const Bytes& x, const Bytes& y, std::size_t bytes);
[[nodiscard]] std::size_t field_bytes(crypto::Curve curve);

// SEQUENCE of the two unsigned numbers.
[[nodiscard]] Bytes signature_der(const Bytes& r, const Bytes& s);

// The curve with the CAVP name "P-256".
[[nodiscard]] crypto::Curve curve_named(const std::string& name);

// "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", also written "SHA-1" and so on.
[[nodiscard]] Bytes sha_digest(std::string hash, const Bytes& message);

// Fails the test when the engine refuses.
[[nodiscard]] crypto::SessionPointer ecdsa_session(crypto::KeyType type, crypto::Curve curve,
                                                   const Bytes& key);

}  // namespace virtcrypt::tests
