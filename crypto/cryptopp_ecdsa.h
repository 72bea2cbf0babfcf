// ECDSA over the prime curves of FIPS 186-4 on Crypto++'s points and integers. Never hashes: input is the
// digest.
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_ecdsa {

// The one row whose limits create_session enforces.
[[nodiscard]] std::span<const AkcipherCapability> capabilities();

// kFailed for keys that are none of the curve. May throw CryptoPP::Exception.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const EcdsaParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_ecdsa
