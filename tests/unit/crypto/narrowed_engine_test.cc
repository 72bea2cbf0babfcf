// Engines with algorithms taken away: what they list and refuse, alone and in chains.
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::AeadAlgorithm;
using virtcrypt::crypto::AeadParameters;
using virtcrypt::crypto::AlgorithmFilter;
using virtcrypt::crypto::ChainOrder;
using virtcrypt::crypto::ChainParameters;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::Engine;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::make_default_engine;
using virtcrypt::crypto::make_narrowed_engine;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::Service;
using virtcrypt::crypto::SessionParameters;
using virtcrypt::tests::Bytes;

namespace {

class Without final : public AlgorithmFilter {
 public:
  Without(Service service, std::string_view name) : service_(service), name_(name) {}
  [[nodiscard]] bool keeps(Service service, std::string_view name) const override {
    return service != service_ || (!name_.empty() && name != name_);
  }

 private:
  Service service_;
  std::string_view name_;  // empty: all of the service
};

std::unique_ptr<Engine> without(Service service, std::string_view name = {}) {
  return make_narrowed_engine(make_default_engine(), Without(service, name));
}

const Bytes kKey(16);
const CipherParameters kCbc{CipherAlgorithm::kAesCbc, Direction::kEncrypt, kKey};
const CipherParameters kCtr{CipherAlgorithm::kAesCtr, Direction::kEncrypt, kKey};
const HashParameters kSha256{HashAlgorithm::kSha256, 32};
const MacParameters kCmac{MacAlgorithm::kCmacAes, 16, kKey};
const AeadParameters kGcm{AeadAlgorithm::kAesGcm, Direction::kEncrypt, 16, kKey};

void check_refused(const Engine& engine, const SessionParameters& parameters) {
  const auto session = engine.create_session(parameters);
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error() == Outcome::kNotSupported);
}

template <typename Rows>
bool lists(const Rows& rows, std::string_view name) {
  for (const auto& row : rows) {
    if (row.name == name) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("Narrowed engine: one cipher less, in its table, alone and in chains", "[crypto][narrowed]") {
  const auto engine = without(Service::kCipher, "AES-CBC");
  CHECK_FALSE(lists(engine->capabilities().ciphers, "AES-CBC"));
  CHECK(lists(engine->capabilities().ciphers, "AES-CTR"));
  CHECK(engine->capabilities().chains);
  check_refused(*engine, kCbc);
  check_refused(*engine, ChainParameters{ChainOrder::kHashThenCipher, kCbc, kSha256});
  CHECK(engine->create_session(kCtr).has_value());
  CHECK(engine->create_session(ChainParameters{ChainOrder::kHashThenCipher, kCtr, kSha256}).has_value());
}

TEST_CASE("Narrowed engine: one hash, one MAC or one AEAD less", "[crypto][narrowed]") {
  const auto no_sha256 = without(Service::kHash, "SHA-256");
  CHECK_FALSE(lists(no_sha256->capabilities().hashes, "SHA-256"));
  check_refused(*no_sha256, kSha256);
  check_refused(*no_sha256, ChainParameters{ChainOrder::kCipherThenHash, kCbc, kSha256});
  CHECK(no_sha256->create_session(ChainParameters{ChainOrder::kCipherThenHash, kCbc, kCmac}).has_value());

  const auto no_cmac = without(Service::kMac, "CMAC-AES");
  CHECK_FALSE(lists(no_cmac->capabilities().macs, "CMAC-AES"));
  check_refused(*no_cmac, kCmac);
  check_refused(*no_cmac, ChainParameters{ChainOrder::kCipherThenHash, kCbc, kCmac});

  const auto no_gcm = without(Service::kAead, "AES-GCM");
  CHECK_FALSE(lists(no_gcm->capabilities().aeads, "AES-GCM"));
  check_refused(*no_gcm, kGcm);
}

TEST_CASE("Narrowed engine: without any cipher there are no chains", "[crypto][narrowed]") {
  const auto engine = without(Service::kCipher);
  CHECK(engine->capabilities().ciphers.empty());
  CHECK_FALSE(engine->capabilities().chains);
  check_refused(*engine, ChainParameters{ChainOrder::kHashThenCipher, kCbc, kSha256});
}

TEST_CASE("Narrowed engine: hashes or MACs are enough for chains, with neither there are none",
          "[crypto][narrowed]") {
  CHECK(without(Service::kHash)->capabilities().chains);
  CHECK(without(Service::kMac)->capabilities().chains);
  const auto neither = make_narrowed_engine(without(Service::kHash), Without(Service::kMac, {}));
  CHECK_FALSE(neither->capabilities().chains);
}

TEST_CASE("Narrowed engine: what is kept works and is priced as before", "[crypto][narrowed]") {
  const auto whole = make_default_engine();
  const auto engine = without(Service::kAead);
  CHECK(engine->name() == whole->name());
  CHECK(engine->id() == whole->id());
  const auto session = engine->create_session(kSha256).value();
  const Bytes text(100);
  Bytes digest(32);
  const virtcrypt::tests::InputList in{text};
  const virtcrypt::tests::OutputList out{digest};
  virtcrypt::crypto::Operation operation;
  operation.session = session.get();
  operation.kind = virtcrypt::crypto::OperationKind::kDigest;
  operation.input = in;
  operation.output = out;
  CHECK(engine->estimated_ns(operation) == whole->estimated_ns(operation));
  engine->execute({&operation, 1});
  CHECK(operation.outcome == Outcome::kOk);
}
