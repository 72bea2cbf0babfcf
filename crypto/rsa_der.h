// RSA keys as PKCS #1 writes them in DER (RFC 8017, A.1.1 and A.1.2). The bytes come from a guest.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace virtcrypt::crypto {

// Each part is the content of an INTEGER, to be read as an unsigned big-endian number: Linux sends moduli
// whose sign octet is missing (its own self-test keys do), and such an integer can mean nothing else here.
// Parts point into the parsed bytes, are never empty, and may begin with zeros.
using DerInteger = std::span<const std::byte>;

struct RsaPublicKeyParts {
  DerInteger modulus;
  DerInteger public_exponent;
};

struct RsaPrivateKeyParts {
  DerInteger modulus;
  DerInteger public_exponent;
  DerInteger private_exponent;
  DerInteger prime1;
  DerInteger prime2;
  DerInteger exponent1;
  DerInteger exponent2;
  DerInteger coefficient;
};

// Both want exactly one SEQUENCE that fills `der`, definite lengths in their shortest form (DER; BER's other
// forms are refused), and nothing but the named members. A private key has version 0; version 1 is taken as
// well as long as there are no additional primes, which is how Linux before 6.0 labels its self-test keys.
[[nodiscard]] std::optional<RsaPublicKeyParts> parse_rsa_public_key(std::span<const std::byte> der);
[[nodiscard]] std::optional<RsaPrivateKeyParts> parse_rsa_private_key(std::span<const std::byte> der);

}  // namespace virtcrypt::crypto
