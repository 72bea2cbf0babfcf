// What the sessions of the Crypto++ engine have in common.
#pragma once

#include <cstdint>
#include <string_view>

#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

// Engine::name().
constexpr std::string_view kCryptoppName = "Crypto++";

class CryptoppSession : public Session {
 public:
  // Sets `output_bytes` on success. May throw CryptoPP::Exception, which the engine takes for kFailed.
  [[nodiscard]] virtual Outcome execute(Operation& operation) const = 0;
  // As Engine::estimated_ns.
  [[nodiscard]] virtual std::uint64_t estimated_ns(const Operation& operation) const = 0;

 protected:
  explicit CryptoppSession(Service service) : Session(service, EngineId::kCryptopp) {}
};

}  // namespace virtcrypt::crypto
