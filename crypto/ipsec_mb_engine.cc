// The libipsec-mb engine: what is worth working on side by side goes through bursts, the rest through its
// sessions.
#include <memory>
#include <variant>

#include "virtcrypt/crypto/engine_session.h"
#include "virtcrypt/crypto/ipsec_mb_aead.h"
#include "virtcrypt/crypto/ipsec_mb_aes.h"
#include "virtcrypt/crypto/ipsec_mb_burst.h"
#include "virtcrypt/crypto/ipsec_mb_manager.h"
#include "virtcrypt/crypto/ipsec_mb_three_gpp.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/session_engine.h"

namespace virtcrypt::crypto {
namespace {

using Created = Expected<SessionPointer, Outcome>;

class IpsecMbEngine final : public SessionEngine {
 public:
  IpsecMbEngine() : SessionEngine(kIpsecMbName, EngineId::kIpsecMb) {
    append(table().ciphers, ipsec_mb_aes::capabilities());
    append(table().ciphers, ipsec_mb_three_gpp::cipher_capabilities());
    append(table().macs, ipsec_mb_three_gpp::mac_capabilities());
    append(table().aeads, ipsec_mb_aead::capabilities());
  }

  void execute(std::span<Operation> batch) const override {
    auto& bursts = ipsec_mb_aes::Bursts::of_this_thread();
    bursts.clear();  // of what an exception may have left behind
    for (Operation& operation : batch) {
      if (!static_cast<const EngineSession&>(*operation.session).join_burst(operation))
        SessionEngine::execute(std::span(&operation, 1));
    }
    bursts.run();
  }

 private:
  [[nodiscard]] Created create(const SessionParameters& parameters) const override {
    if (const auto* cipher = std::get_if<CipherParameters>(&parameters)) {
      Created created = ipsec_mb_aes::create_session(*cipher);
      if (created || created.error() != Outcome::kNotSupported) return created;
      return ipsec_mb_three_gpp::create_session(*cipher);
    }
    if (const auto* mac = std::get_if<MacParameters>(&parameters))
      return ipsec_mb_three_gpp::create_session(*mac);
    if (const auto* aead = std::get_if<AeadParameters>(&parameters))
      return ipsec_mb_aead::create_session(*aead);
    return Unexpected<Outcome>(Outcome::kNotSupported);
  }
};

}  // namespace

std::unique_ptr<Engine> make_ipsec_mb_engine() {
  return shared_manager() == nullptr ? nullptr : std::make_unique<IpsecMbEngine>();
}

}  // namespace virtcrypt::crypto
