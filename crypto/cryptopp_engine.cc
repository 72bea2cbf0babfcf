// The Crypto++ engine: dispatch to the algorithm families.
#include <memory>
#include <variant>

#include "virtcrypt/crypto/cryptopp_aead.h"
#include "virtcrypt/crypto/cryptopp_cipher.h"
#include "virtcrypt/crypto/cryptopp_ecdsa.h"
#include "virtcrypt/crypto/cryptopp_hash.h"
#include "virtcrypt/crypto/cryptopp_mac.h"
#include "virtcrypt/crypto/cryptopp_rsa.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/session_engine.h"

namespace virtcrypt::crypto {
namespace {

using Created = Expected<SessionPointer, Outcome>;

Created make_session(const CipherParameters& parameters) {
  return cryptopp_cipher::create_session(parameters);
}
Created make_session(const HashParameters& parameters) {
  return cryptopp_hash::create_session(parameters);
}
Created make_session(const MacParameters& parameters) {
  return cryptopp_mac::create_session(parameters);
}
Created make_session(const AeadParameters& parameters) {
  return cryptopp_aead::create_session(parameters);
}
Created make_session(const RsaParameters& parameters) {
  return cryptopp_rsa::create_session(parameters);
}
Created make_session(const EcdsaParameters& parameters) {
  return cryptopp_ecdsa::create_session(parameters);
}
template <typename Parameters>
Created make_session(const Parameters&) {
  return Unexpected<Outcome>(Outcome::kNotSupported);
}

class CryptoppEngine final : public SessionEngine {
 public:
  CryptoppEngine() : SessionEngine(kCryptoppName, EngineId::kCryptopp) {
    append(table().ciphers, cryptopp_cipher::capabilities());
    append(table().hashes, cryptopp_hash::capabilities());
    append(table().macs, cryptopp_mac::capabilities());
    append(table().aeads, cryptopp_aead::capabilities());
    append(table().akciphers, cryptopp_rsa::capabilities());
    append(table().akciphers, cryptopp_ecdsa::capabilities());
  }

 private:
  [[nodiscard]] Created create(const SessionParameters& parameters) const override {
    return std::visit([](const auto& some) { return make_session(some); }, parameters);
  }
};

}  // namespace

std::unique_ptr<Engine> make_cryptopp_engine() {
  return std::make_unique<CryptoppEngine>();
}

}  // namespace virtcrypt::crypto
