// AES in ECB, CBC and CTR mode (FIPS 197, SP 800-38A) on Crypto++'s block cipher, over scattered text.
#pragma once

#include <cstdint>
#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_aes {

// One row a mode; what create_session and execute accept is looked up here and nowhere else.
[[nodiscard]] std::span<const CipherCapability> capabilities();

[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_aes
