// Ciphers on Crypto++: AES, DES and triple DES in ECB, CBC and CTR mode (SP 800-38A), AES-XTS (SP 800-38E),
// AES-F8 (RFC 3711) and ARC4.
#pragma once

#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::cryptopp_cipher {

// One row an algorithm; what create_session and execute accept is looked up here and nowhere else.
[[nodiscard]] std::span<const CipherCapability> capabilities();

// May throw CryptoPP::Exception.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_cipher
