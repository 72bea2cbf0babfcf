// Published test vectors of the symmetric algorithms: a few for each algorithm, key length and direction.
// `origin` names the document and the place in it.
#pragma once

#include <span>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::tests {

// All values in hexadecimal; spaces are ignored.
struct CipherVector {
  crypto::CipherAlgorithm algorithm;
  const char* origin;
  const char* key;
  const char* iv;
  const char* plaintext;
  const char* ciphertext;
};

struct HashVector {
  crypto::HashAlgorithm algorithm;
  const char* origin;
  const char* text;
  const char* digest;
};

struct MacVector {
  crypto::MacAlgorithm algorithm;
  const char* origin;
  const char* key;
  const char* text;    // with the IV in front of it where the algorithm has one
  const char* digest;  // possibly truncated
};

struct AeadVector {
  crypto::AeadAlgorithm algorithm;
  const char* origin;
  const char* key;
  const char* iv;
  const char* aad;
  const char* plaintext;
  const char* ciphertext;
  const char* tag;
};

[[nodiscard]] std::span<const CipherVector> cipher_vectors();
[[nodiscard]] std::span<const HashVector> hash_vectors();
[[nodiscard]] std::span<const MacVector> mac_vectors();
[[nodiscard]] std::span<const AeadVector> aead_vectors();

}  // namespace virtcrypt::tests
