// RSA on Crypto++'s integers: raw (RFC 8017, 5.1) and with the paddings of PKCS #1 v1.5 (7.2 and 8.2).
#pragma once

#include <cstdint>
#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_rsa {

// The one row whose limits create_session enforces.
[[nodiscard]] std::span<const AkcipherCapability> capabilities();

// kNotSupported: a hash that PKCS #1 padding has no DigestInfo for here. May throw CryptoPP::Exception on a
// key whose numbers do not fit together.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const RsaParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_rsa
