// The asymmetric keys of the differential fuzzer, in hexadecimal.
#pragma once

#include <cstddef>
#include <span>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::fuzz {

struct RsaKeyText {
  const char* private_key;  // RSAPrivateKey in DER, with its CRT parts
  const char* public_key;   // RSAPublicKey in DER
};
// Of 512, 1024 and 2048 bits.
[[nodiscard]] std::span<const RsaKeyText> rsa_keys();

struct EcKeyText {
  const char* group;        // as OpenSSL names it
  const char* private_key;  // ECPrivateKey in DER; ends with the public point, uncompressed
  std::size_t point_bytes;
};
[[nodiscard]] const EcKeyText& ec_key(crypto::Curve curve);

}  // namespace virtcrypt::fuzz
