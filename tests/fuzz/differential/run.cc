#include "tests/fuzz/differential/run.h"

#include <algorithm>
#include <list>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "tests/fuzz/differential/arrangement.h"

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;

using Engines = std::vector<std::unique_ptr<const Engine>>;

// The same engines in the other order: what two of them have, the other one executes.
std::unique_ptr<const Engine> reversed_engine() {
  Engines parts;
  parts.push_back(make_built_in_engine());
  if (auto ipsec_mb = make_ipsec_mb_engine()) parts.push_back(std::move(ipsec_mb));
  parts.push_back(make_cryptopp_engine());
  return make_combined_engine(std::move(parts));
}

// The first one answers first; the others have to agree.
const Engines& engines() {
  static const Engines all = [] {
    Engines made;
    made.push_back(make_default_engine());
    made.push_back(reversed_engine());
    made.push_back(make_cryptopp_engine());
    if (auto ipsec_mb = make_ipsec_mb_engine()) made.push_back(std::move(ipsec_mb));
    made.push_back(make_built_in_engine());
    return made;
  }();
  return all;
}

template <typename Row, typename Algorithm>
bool lists(const std::vector<Row>& table, Algorithm algorithm) {
  return std::any_of(table.begin(), table.end(),
                     [algorithm](const Row& row) { return row.algorithm == algorithm; });
}

// Whether an engine's tables have what a session is of.
struct Listed {
  const Engine& engine;
  [[nodiscard]] const Capabilities& table() const { return engine.capabilities(); }

  bool operator()(const CipherParameters& some) const { return lists(table().ciphers, some.algorithm); }
  bool operator()(const HashParameters& some) const { return lists(table().hashes, some.algorithm); }
  bool operator()(const MacParameters& some) const { return lists(table().macs, some.algorithm); }
  bool operator()(const AeadParameters& some) const { return lists(table().aeads, some.algorithm); }
  bool operator()(const RsaParameters&) const { return lists(table().akciphers, AkcipherAlgorithm::kRsa); }
  bool operator()(const EcdsaParameters&) const {
    return lists(table().akciphers, AkcipherAlgorithm::kEcdsa);
  }
  // What only combined engines have.
  bool operator()(const NestedHashParameters&) const { return engine.id() == EngineId::kChain; }
  bool operator()(const ChainParameters&) const { return engine.id() == EngineId::kChain; }
};

bool has(const Engine& engine, const Request& request) {
  if (request.kind == OperationKind::kVerifyDigest && engine.id() != EngineId::kChain) return false;
  return std::visit(Listed{engine}, request.parameters);
}

// "output byte 3", or nothing.
std::string first_difference(std::string_view what, const Bytes& one, const Bytes& other, std::size_t most) {
  for (std::size_t i = 0; i < std::min({one.size(), other.size(), most}); ++i) {
    if (one[i] != other[i]) {
      return fmt::format("{} byte {} of {} is {:#04x} or {:#04x}", what, i, std::min(one.size(), most),
                         std::to_integer<unsigned>(one[i]), std::to_integer<unsigned>(other[i]));
    }
  }
  return {};
}

// In what two answers differ; empty when in nothing. Where the output lies on the input, what is behind the
// result, or there without one, is the input's.
std::string difference(const Request& request, Placement placement, const Answer& one, const Answer& other) {
  if (one.refused != other.refused || one.outcome != other.outcome || one.output_bytes != other.output_bytes)
    return fmt::format("{}, or {}", describe(one), describe(other));
  if (is_randomized(request)) return {};
  const bool is_chain = std::holds_alternative<ChainParameters>(request.parameters);
  const bool is_whole = placement == Placement::kApart || (is_chain && one.outcome == Outcome::kOk);
  const std::string output =
      first_difference("output", one.output, other.output, is_whole ? one.output.size() : one.output_bytes);
  return output.empty() ? first_difference("digest", one.digest, other.digest, one.digest.size()) : output;
}

// All requests of an input that `engine` has, in one batch.
class Batch {
 public:
  Batch(const Engine& engine, const std::vector<Request>& requests) : engine_(engine), requests_(requests) {
    for (const Request& request : requests)
      add(request);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (arrangements_[i] == nullptr) continue;
      executed_.push_back(i);
      operations_.push_back(arrangements_[i]->operation(*sessions_[i]));
    }
    engine.execute(operations_);
  }

  // In what an engine contradicts the answers; empty: in nothing.
  [[nodiscard]] std::string contradiction(const std::vector<Answer>& answers) const {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (std::string text = refusal_contradiction(i, answers[i]); !text.empty()) return text;
    }
    for (std::size_t at = 0; at < executed_.size(); ++at) {
      const std::size_t i = executed_[at];
      const Request& request = requests_[i];
      const Arrangement& arrangement = *arrangements_[i];
      const std::string what =
          difference(request, request.layout.placement, answers[i], arrangement.answer(operations_[at]));
      if (!what.empty()) {
        return fmt::format("{}: {} differs in a batch of {}: {}", describe(request), engine_.name(),
                           executed_.size(), what);
      }
      if (!arrangement.texts_are_unchanged())
        return fmt::format("{}: {} changes what it may only read", describe(request), engine_.name());
    }
    return {};
  }

 private:
  void add(const Request& request) {
    SessionPointer session;
    std::optional<Outcome> refused;
    if (request.shares_session) {
      session = sessions_.back();
      refused = refused_.back();
    } else if (auto created = engine_.create_session(request.parameters); created) {
      session = std::move(*created);
    } else {
      refused = created.error();
    }
    const bool runs = session != nullptr && has(engine_, request);
    arrangements_.push_back(runs ? std::make_unique<const Arrangement>(request, request.layout) : nullptr);
    sessions_.push_back(std::move(session));
    refused_.push_back(refused);
  }

  [[nodiscard]] std::string refusal_contradiction(std::size_t i, const Answer& answer) const {
    const bool listed = std::visit(Listed{engine_}, requests_[i].parameters);
    const std::optional<Outcome> right = listed ? answer.refused : std::optional(Outcome::kNotSupported);
    if (refused_[i] == right) return {};
    const auto named = [](std::optional<Outcome> refused) {
      return refused ? outcome_name(*refused) : std::string_view("a session");
    };
    return fmt::format("{}: {} makes of the parameters: {}, instead of: {}", describe(requests_[i]),
                       engine_.name(), named(refused_[i]), named(right));
  }

  const Engine& engine_;
  const std::vector<Request>& requests_;
  std::vector<SessionPointer> sessions_;
  std::vector<std::optional<Outcome>> refused_;
  std::vector<std::unique_ptr<const Arrangement>> arrangements_;  // null: not executed
  std::vector<std::size_t> executed_;                             // numbers of requests
  std::vector<Operation> operations_;
};

}  // namespace

std::string describe(const Answer& answer) {
  if (answer.refused) return fmt::format("no session, {}", outcome_name(*answer.refused));
  return fmt::format("{} with {} bytes", outcome_name(answer.outcome), answer.output_bytes);
}

std::optional<std::string> disagreement(const Input& input, const Judge& judge, const Observer& observer) {
  const Engine& first = *engines().front();
  const std::vector<Request> requests = requests_of(input, first);
  std::vector<Answer> answers;
  for (const Request& request : requests) {
    answers.push_back(run_alone(first, request));
    if (observer) observer(request, answers.back());
    if (!judge) continue;
    if (const Judgement judged = judge(request, answers.back()); !judged.objection.empty())
      return fmt::format("{}: {}", describe(request), judged.objection);
  }
  for (const auto& engine : engines()) {
    const Batch batch(*engine, requests);
    if (std::string what = batch.contradiction(answers); !what.empty()) return what;
  }
  return std::nullopt;
}

}  // namespace virtcrypt::fuzz
