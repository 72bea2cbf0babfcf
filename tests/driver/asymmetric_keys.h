// Asymmetric keys that tests and measurements share, in hexadecimal and in the encodings that the wire wants
// (VIRTIO 1.4, 5.9.9.2.1.5).
#pragma once

#include <cstddef>
#include <span>

namespace virtcrypt::test {

struct RsaKeyText {
  std::size_t bits;         // of the modulus
  const char* private_key;  // RSAPrivateKey in DER, with its CRT parts
  const char* public_key;   // RSAPublicKey in DER
};
// Of 512, 1024, 2048 and 4096 bits.
[[nodiscard]] std::span<const RsaKeyText> rsa_keys();

struct EcKeyText {
  const char* group;        // as OpenSSL names it
  const char* private_key;  // ECPrivateKey in DER; ends with the public point, uncompressed
  std::size_t point_bytes;
};
// Of P-192, P-224, P-256, P-384 and P-521.
[[nodiscard]] std::span<const EcKeyText> ec_keys();

}  // namespace virtcrypt::test
