// Hashes on Crypto++: MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4), SHA-3 and SHAKE (FIPS 202).
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_hash {

// One row a hash; what create_session and execute accept is looked up here and nowhere else.
[[nodiscard]] std::span<const HashCapability> capabilities();

[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const HashParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_hash
