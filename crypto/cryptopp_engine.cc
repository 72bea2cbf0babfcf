// The Crypto++ engine: dispatch to the algorithm families, and the one place where Crypto++'s exceptions end.
#include <memory>
#include <variant>

#include <cryptopp/cryptlib.h>

#include "virtcrypt/crypto/cryptopp_aes.h"
#include "virtcrypt/crypto/cryptopp_rsa.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto {
namespace {

using Created = Expected<SessionPointer, Outcome>;

Created create(const CipherParameters& parameters) {
  return cryptopp_aes::create_session(parameters);
}
Created create(const RsaParameters& parameters) {
  return cryptopp_rsa::create_session(parameters);
}
template <typename Parameters>
Created create(const Parameters&) {
  return Unexpected<Outcome>(Outcome::kNotSupported);
}

const CryptoppSession& session_of(const Operation& operation) {
  return static_cast<const CryptoppSession&>(*operation.session);
}

Outcome execute_one(Operation& operation) {
  operation.output_bytes = 0;
  try {
    return session_of(operation).execute(operation);
  } catch (const CryptoPP::Exception&) {
    return Outcome::kFailed;
  }
}

template <typename Row>
void append(std::vector<Row>& table, std::span<const Row> rows) {
  table.insert(table.end(), rows.begin(), rows.end());
}

class CryptoppEngine final : public Engine {
 public:
  CryptoppEngine() {
    append(capabilities_.ciphers, cryptopp_aes::capabilities());
    append(capabilities_.akciphers, cryptopp_rsa::capabilities());
  }

  [[nodiscard]] std::string_view name() const override { return kCryptoppName; }
  [[nodiscard]] EngineId id() const override { return EngineId::kCryptopp; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  [[nodiscard]] Created create_session(const SessionParameters& parameters) const override {
    try {
      return std::visit([](const auto& some) { return create(some); }, parameters);
    } catch (const CryptoPP::Exception&) {
      return Unexpected<Outcome>(Outcome::kFailed);
    }
  }

  void execute(std::span<Operation> batch) const override {
    for (Operation& operation : batch) {
      operation.outcome = execute_one(operation);
    }
  }

  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    return session_of(operation).estimated_ns(operation);
  }

 private:
  Capabilities capabilities_;
};

}  // namespace

std::unique_ptr<Engine> make_cryptopp_engine() {
  return std::make_unique<CryptoppEngine>();
}

}  // namespace virtcrypt::crypto
