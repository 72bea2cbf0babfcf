// What the sessions of the Crypto++ engine have in common.
#pragma once

#include <string_view>

#include "virtcrypt/crypto/engine_session.h"

namespace virtcrypt::crypto {

// Engine::name().
constexpr std::string_view kCryptoppName = "Crypto++";

class CryptoppSession : public EngineSession {
 protected:
  explicit CryptoppSession(Service service, const Cost& cost = {})
      : EngineSession(service, EngineId::kCryptopp, cost) {}
};

}  // namespace virtcrypt::crypto
