// An RSA key and its two primitives, RSAEP/RSAVP1 and RSADP/RSASP1 (RFC 8017, 5), on Crypto++.
#pragma once

#include <cstddef>
#include <optional>

#include <cryptopp/integer.h>
#include <cryptopp/rsa.h>

#include "virtcrypt/crypto/rsa_der.h"

namespace virtcrypt::crypto {

// Thread-safety: immutable, any thread. Every function may throw CryptoPP::Exception when the guest's numbers
// turn out not to be a key; none of them loops or asserts on such.
class RsaKey {
 public:
  // nullopt when the numbers cannot be a key of `min_bits` to `max_bits`: modulus or an exponent even,
  // exponents not in 3 .. modulus - 1 and 1 .. modulus - 1, or CRT parts that contradict the rest. CRT parts
  // that are all zero count as absent. What stays undetected (primes that are none, a private exponent that
  // does not fit) makes the private operation fail, as its result is checked each time.
  [[nodiscard]] static std::optional<RsaKey> from(const RsaPublicKeyParts& parts, unsigned min_bits,
                                                  unsigned max_bits);
  [[nodiscard]] static std::optional<RsaKey> from(const RsaPrivateKeyParts& parts, unsigned min_bits,
                                                  unsigned max_bits);

  [[nodiscard]] bool is_private() const { return !private_exponent_.IsZero(); }
  [[nodiscard]] bool has_crt() const { return crt_.has_value(); }
  [[nodiscard]] const CryptoPP::Integer& modulus() const { return public_.GetModulus(); }
  [[nodiscard]] const CryptoPP::Integer& public_exponent() const { return public_.GetPublicExponent(); }
  // RFC 8017's k.
  [[nodiscard]] std::size_t modulus_bytes() const { return modulus().ByteCount(); }

  // `representative` is less than the modulus, in both.
  [[nodiscard]] CryptoPP::Integer apply_public(const CryptoPP::Integer& representative) const;
  // Only where is_private(). Blinded with a random factor from `random`.
  [[nodiscard]] CryptoPP::Integer apply_private(CryptoPP::RandomNumberGenerator& random,
                                                const CryptoPP::Integer& representative) const;

 private:
  RsaKey() = default;
  [[nodiscard]] bool set_public(DerInteger modulus, DerInteger exponent, unsigned min_bits,
                                unsigned max_bits);
  [[nodiscard]] bool set_private(const RsaPrivateKeyParts& parts);
  [[nodiscard]] CryptoPP::Integer apply_plain_exponent(CryptoPP::RandomNumberGenerator& random,
                                                       const CryptoPP::Integer& representative) const;

  CryptoPP::RSAFunction public_;
  CryptoPP::Integer private_exponent_;  // zero in a public key
  std::optional<CryptoPP::InvertibleRSAFunction> crt_;
};

}  // namespace virtcrypt::crypto
