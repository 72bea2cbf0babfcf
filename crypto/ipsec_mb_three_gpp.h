// 3GPP's algorithms by libipsec-mb. Needs shared_manager().
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::ipsec_mb_three_gpp {

[[nodiscard]] std::span<const CipherCapability> cipher_capabilities();
[[nodiscard]] std::span<const MacCapability> mac_capabilities();
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters);
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const MacParameters& parameters);

}  // namespace virtcrypt::crypto::ipsec_mb_three_gpp
