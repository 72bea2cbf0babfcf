// The nonces of deterministic ECDSA (RFC 6979, 3.2).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <cryptopp/hmac.h>
#include <cryptopp/integer.h>

#include "virtcrypt/crypto/algorithms.h"
#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto {

// The digest as an integer: its leftmost bits, as many as `order` has (RFC 6979, 2.3.2; FIPS 186-4, 6.4).
[[nodiscard]] CryptoPP::Integer bits_to_integer(std::span<const std::byte> digest,
                                                const CryptoPP::Integer& order);

// Makes nonces 1 .. order - 1 out of the private key and the digest, so a signature needs no randomness that
// could fail. `hash` is the one inside the HMAC and has a digest length. Thread-safety: one thread.
class NonceGenerator {
 public:
  NonceGenerator(HashAlgorithm hash, const CryptoPP::Integer& order, const CryptoPP::Integer& private_key,
                 std::span<const std::byte> digest);

  // The first nonce; called again, the one that follows (3.2, step h).
  [[nodiscard]] CryptoPP::Integer next();

 private:
  void stir(std::byte separator, std::span<const std::byte> seed);
  void turn();

  const CryptoPP::Integer& order_;
  std::unique_ptr<CryptoPP::HMAC_Base> hmac_;
  SecureBuffer key_;    // K
  SecureBuffer value_;  // V
  bool first_ = true;
};

}  // namespace virtcrypt::crypto
