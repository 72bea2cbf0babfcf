// RSA on Crypto++'s integers: raw (RFC 8017, 5.1) and with the paddings of PKCS #1 v1.5 (7.2 and 8.2).
#pragma once

#include <cstdint>
#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_rsa {

// The one row whose limits create_session enforces.
[[nodiscard]] std::span<const AkcipherCapability> capabilities();

// May throw CryptoPP::Exception on a key whose numbers do not fit together.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const RsaParameters& parameters);

// `operation.session` is one that create_session made. May throw CryptoPP::Exception, as above.
void execute(Operation& operation);

[[nodiscard]] std::uint64_t estimated_ns(const Operation& operation);

}  // namespace virtcrypt::crypto::cryptopp_rsa
