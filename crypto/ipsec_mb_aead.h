// AES-GCM and ChaCha20-Poly1305 by libipsec-mb's single-buffer calls, which work through a text piece by
// piece and keep no state outside of what they are given. Needs shared_manager().
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::ipsec_mb_aead {

[[nodiscard]] std::span<const AeadCapability> capabilities();
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const AeadParameters& parameters);

}  // namespace virtcrypt::crypto::ipsec_mb_aead
