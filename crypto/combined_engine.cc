// Several engines as one, and what no engine has by itself: chains, nested hashes, digests that are verified.
#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "virtcrypt/crypto/chain.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/nested_hash.h"
#include "virtcrypt/crypto/verify_digest.h"

namespace virtcrypt::crypto {
namespace {

using Created = Expected<SessionPointer, Outcome>;

// Rows of algorithms that `table` does not have yet.
template <typename Row>
void append_new(std::vector<Row>& table, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const bool known = std::any_of(table.begin(), table.end(),
                                   [&](const Row& other) { return other.algorithm == row.algorithm; });
    if (!known) table.push_back(row);
  }
}

class CombinedEngine final : public Engine {
 public:
  explicit CombinedEngine(std::vector<std::unique_ptr<const Engine>> engines) : engines_(std::move(engines)) {
    for (const auto& engine : engines_) {
      by_id_.at(static_cast<std::size_t>(engine->id())) = engine.get();
      const Capabilities& its = engine->capabilities();
      append_new(capabilities_.ciphers, its.ciphers);
      append_new(capabilities_.hashes, its.hashes);
      append_new(capabilities_.macs, its.macs);
      append_new(capabilities_.aeads, its.aeads);
      append_new(capabilities_.akciphers, its.akciphers);
      name_ += (name_.empty() ? "" : " + ") + std::string(engine->name());
    }
    capabilities_.chains =
        !capabilities_.ciphers.empty() && !(capabilities_.hashes.empty() && capabilities_.macs.empty());
  }

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  [[nodiscard]] Created create_session(const SessionParameters& parameters) const override {
    if (const auto* chain = std::get_if<ChainParameters>(&parameters))
      return chain::create_session(*this, *chain);
    if (const auto* nested = std::get_if<NestedHashParameters>(&parameters))
      return nested_hash::create_session(*this, *nested);
    for (const auto& engine : engines_) {
      Created created = engine->create_session(parameters);
      if (created || created.error() != Outcome::kNotSupported) return created;
    }
    return Unexpected<Outcome>(Outcome::kNotSupported);
  }

  // Each engine gets the runs of operations that are its own, so that it can work on them side by side.
  void execute(std::span<Operation> batch) const override {
    while (!batch.empty()) {
      const EngineId id = executor_of(batch.front());
      const auto other = std::find_if(batch.begin(), batch.end(), [id](const Operation& operation) {
        return executor_of(operation) != id;
      });
      const auto run = batch.first(static_cast<std::size_t>(other - batch.begin()));
      if (id == EngineId::kChain) {
        for (Operation& operation : run)
          execute_combined(operation);
      } else {
        owner(id).execute(run);
      }
      batch = batch.subspan(run.size());
    }
  }

  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    const EngineId id = operation.session->engine();
    if (id != EngineId::kChain) return owner(id).estimated_ns(operation);
    return operation.session->service() == Service::kChain ? chain::estimated_ns(*this, operation)
                                                           : nested_hash::estimated_ns(*this, operation);
  }

  [[nodiscard]] EngineId id() const override { return EngineId::kChain; }

 private:
  [[nodiscard]] static EngineId executor_of(const Operation& operation) {
    return operation.kind == OperationKind::kVerifyDigest ? EngineId::kChain : operation.session->engine();
  }

  void execute_combined(Operation& operation) const {
    const bool is_chain = operation.session->service() == Service::kChain;
    if (operation.kind == OperationKind::kVerifyDigest && !is_chain) return verify_digest(*this, operation);
    if (is_chain) return chain::execute(*this, operation);
    nested_hash::execute(*this, operation);
  }

  // Sessions come from this engine, so there is one.
  [[nodiscard]] const Engine& owner(EngineId id) const { return *by_id_[static_cast<std::size_t>(id)]; }

  std::vector<std::unique_ptr<const Engine>> engines_;
  std::array<const Engine*, kEngineIds> by_id_{};
  Capabilities capabilities_;
  std::string name_;
};

// By measurement. The library's KASUMI reads its tables whole, in time that does not depend on the data,
// which takes thirty times as long as what the built-in engine does.
class WhereLibraryIsFaster final : public AlgorithmFilter {
 public:
  [[nodiscard]] bool keeps(Service, std::string_view name) const override {
    return name != name_of(CipherAlgorithm::kKasumiF8) && name != name_of(MacAlgorithm::kKasumiF9);
  }
};

class NarrowedEngine final : public Engine {
 public:
  NarrowedEngine(std::unique_ptr<const Engine> engine, const AlgorithmFilter& filter)
      : engine_(std::move(engine)), capabilities_(engine_->capabilities()) {
    drop(capabilities_.ciphers, filter, Service::kCipher);
    drop(capabilities_.hashes, filter, Service::kHash);
    drop(capabilities_.macs, filter, Service::kMac);
    drop(capabilities_.aeads, filter, Service::kAead);
    drop(capabilities_.akciphers, filter, Service::kAkcipher);
    capabilities_.chains = capabilities_.chains && !capabilities_.ciphers.empty() &&
                           !(capabilities_.hashes.empty() && capabilities_.macs.empty());
  }

  [[nodiscard]] std::string_view name() const override { return engine_->name(); }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }
  [[nodiscard]] EngineId id() const override { return engine_->id(); }

  [[nodiscard]] Created create_session(const SessionParameters& parameters) const override {
    const bool kept = std::visit([this](const auto& some) { return has(some); }, parameters);
    return kept ? engine_->create_session(parameters) : Unexpected<Outcome>(Outcome::kNotSupported);
  }
  void execute(std::span<Operation> batch) const override { engine_->execute(batch); }
  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    return engine_->estimated_ns(operation);
  }

 private:
  template <typename Row>
  static void drop(std::vector<Row>& table, const AlgorithmFilter& filter, Service service) {
    table.erase(std::remove_if(table.begin(), table.end(),
                               [&](const Row& row) { return !filter.keeps(service, row.name); }),
                table.end());
  }

  template <typename Row, typename Algorithm>
  static bool lists(const std::vector<Row>& table, Algorithm algorithm) {
    return std::any_of(table.begin(), table.end(),
                       [algorithm](const Row& row) { return row.algorithm == algorithm; });
  }

  [[nodiscard]] bool has(const CipherParameters& some) const {
    return lists(capabilities_.ciphers, some.algorithm);
  }
  [[nodiscard]] bool has(const HashParameters& some) const {
    return lists(capabilities_.hashes, some.algorithm);
  }
  [[nodiscard]] bool has(const NestedHashParameters& some) const {
    return lists(capabilities_.hashes, some.inner) && lists(capabilities_.hashes, some.outer);
  }
  [[nodiscard]] bool has(const MacParameters& some) const {
    return lists(capabilities_.macs, some.algorithm);
  }
  [[nodiscard]] bool has(const AeadParameters& some) const {
    return lists(capabilities_.aeads, some.algorithm);
  }
  [[nodiscard]] bool has(const RsaParameters&) const {
    return lists(capabilities_.akciphers, AkcipherAlgorithm::kRsa);
  }
  [[nodiscard]] bool has(const EcdsaParameters&) const {
    return lists(capabilities_.akciphers, AkcipherAlgorithm::kEcdsa);
  }
  [[nodiscard]] bool has(const ChainParameters& some) const {
    return capabilities_.chains && has(some.cipher) &&
           std::visit([this](const auto& hash) { return has(hash); }, some.hash);
  }

  std::unique_ptr<const Engine> engine_;
  Capabilities capabilities_;
};

}  // namespace

std::unique_ptr<Engine> make_combined_engine(std::vector<std::unique_ptr<const Engine>> engines) {
  return std::make_unique<CombinedEngine>(std::move(engines));
}

std::span<const EngineName> engine_names() {
  static constexpr std::array<EngineName, 3> kNames{{{EngineChoice::kAuto, "auto"},
                                                     {EngineChoice::kCryptopp, "cryptopp"},
                                                     {EngineChoice::kIpsecMb, "ipsec-mb"}}};
  return kNames;
}

std::unique_ptr<Engine> make_engine(EngineChoice choice) {
  auto ipsec_mb = make_ipsec_mb_engine();
  if (ipsec_mb == nullptr && choice == EngineChoice::kIpsecMb) return nullptr;
  if (ipsec_mb != nullptr && choice == EngineChoice::kAuto)
    ipsec_mb = make_narrowed_engine(std::move(ipsec_mb), WhereLibraryIsFaster());
  // An algorithm goes to the first that has it.
  std::vector<std::unique_ptr<const Engine>> engines;
  engines.push_back(make_cryptopp_engine());
  if (ipsec_mb != nullptr) {
    const bool is_second = choice == EngineChoice::kCryptopp;
    engines.insert(is_second ? engines.end() : engines.begin(), std::move(ipsec_mb));
  }
  engines.push_back(make_built_in_engine());
  return make_combined_engine(std::move(engines));
}

std::unique_ptr<Engine> make_default_engine() {
  return make_engine(EngineChoice::kAuto);
}

std::unique_ptr<Engine> make_narrowed_engine(std::unique_ptr<const Engine> engine,
                                             const AlgorithmFilter& filter) {
  return std::make_unique<NarrowedEngine>(std::move(engine), filter);
}

}  // namespace virtcrypt::crypto
