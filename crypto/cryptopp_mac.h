// MACs on Crypto++: HMAC (FIPS 198-1), CMAC (SP 800-38B), GMAC (SP 800-38D), CBC-MAC and XCBC (RFC 3566).
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_mac {

// One row a MAC; what create_session and execute accept is looked up here and nowhere else.
[[nodiscard]] std::span<const MacCapability> capabilities();

// May throw CryptoPP::Exception.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const MacParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_mac
