// The Crypto++ engine: dispatch to the algorithm families, and the one place where Crypto++'s exceptions end.
#include <memory>
#include <variant>

#include <cryptopp/cryptlib.h>

#include "virtcrypt/crypto/cryptopp_aes.h"
#include "virtcrypt/crypto/cryptopp_rsa.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto {
namespace {

Expected<SessionPointer, Outcome> create(const CipherParameters& parameters) {
  return cryptopp_aes::create_session(parameters);
}

Expected<SessionPointer, Outcome> create(const RsaParameters& parameters) {
  return cryptopp_rsa::create_session(parameters);
}

void execute_one(Operation& operation) {
  operation.output_bytes = 0;
  try {
    switch (operation.session->service()) {
      case Service::kCipher:
        cryptopp_aes::execute(operation);
        return;
      case Service::kAkcipher:
        cryptopp_rsa::execute(operation);
        return;
    }
  } catch (const CryptoPP::Exception&) {
  }
  operation.outcome = Outcome::kFailed;
}

class CryptoppEngine final : public Engine {
 public:
  [[nodiscard]] std::string_view name() const override { return "Crypto++"; }
  [[nodiscard]] std::span<const CipherCapability> ciphers() const override {
    return cryptopp_aes::capabilities();
  }
  [[nodiscard]] std::span<const AkcipherCapability> akciphers() const override {
    return cryptopp_rsa::capabilities();
  }

  [[nodiscard]] Expected<SessionPointer, Outcome> create_session(
      const SessionParameters& parameters) const override {
    try {
      return std::visit([](const auto& some) { return create(some); }, parameters);
    } catch (const CryptoPP::Exception&) {
      return Unexpected<Outcome>(Outcome::kFailed);
    }
  }

  void execute(std::span<Operation> batch) const override {
    for (Operation& operation : batch) {
      execute_one(operation);
    }
  }

  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    return operation.session->service() == Service::kCipher ? cryptopp_aes::estimated_ns(operation)
                                                            : cryptopp_rsa::estimated_ns(operation);
  }
};

}  // namespace

std::unique_ptr<Engine> make_cryptopp_engine() {
  return std::make_unique<CryptoppEngine>();
}

}  // namespace virtcrypt::crypto
