// AEAD on Crypto++: AES-GCM (SP 800-38D), AES-CCM (SP 800-38C) and ChaCha20-Poly1305 (RFC 8439).
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_aead {

// One row an algorithm; what create_session and execute accept is looked up here and nowhere else.
[[nodiscard]] std::span<const AeadCapability> capabilities();

// May throw CryptoPP::Exception.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const AeadParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_aead
