// An engine of ciphers and MACs that are rows of two tables.
#pragma once

#include <string_view>
#include <variant>

#include "virtcrypt/crypto/cipher_session.h"
#include "virtcrypt/crypto/mac_session.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/session_engine.h"

namespace virtcrypt::crypto {

// `kCiphers` and `kMacs` are arrays of CipherRow and MacRow. Thread-safety as Engine.
template <const auto& kCiphers, const auto& kMacs>
class TableEngine final : public SessionEngine {
 public:
  TableEngine(std::string_view name, EngineId id) : SessionEngine(name, id) {
    append(table().ciphers, capabilities_of(kCiphers));
    append(table().macs, capabilities_of(kMacs));
  }

 private:
  [[nodiscard]] Expected<SessionPointer, Outcome> create(const SessionParameters& parameters) const override {
    if (const auto* cipher = std::get_if<CipherParameters>(&parameters))
      return create_from(kCiphers, *cipher);
    if (const auto* mac = std::get_if<MacParameters>(&parameters)) return create_from(kMacs, *mac);
    return Unexpected<Outcome>(Outcome::kNotSupported);
  }
};

}  // namespace virtcrypt::crypto
