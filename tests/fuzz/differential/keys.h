// The asymmetric keys of the differential fuzzer.
#pragma once

#include <cstddef>
#include <span>

#include "tests/driver/asymmetric_keys.h"
#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::fuzz {

using test::EcKeyText;
using test::RsaKeyText;

// Of 512, 1024 and 2048 bits: a fuzzer has no time for more.
[[nodiscard]] inline std::span<const RsaKeyText> rsa_keys() {
  return test::rsa_keys().first(3);
}

[[nodiscard]] inline const EcKeyText& ec_key(crypto::Curve curve) {
  return test::ec_keys()[static_cast<std::size_t>(curve)];
}

}  // namespace virtcrypt::fuzz
