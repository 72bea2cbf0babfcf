#include "tests/unit/timing/steered_engine.h"

#include <stdexcept>
#include <utility>

namespace virtcrypt::test {
namespace {

// A session of the inner engine that is counted while it lives.
class CountedSession final : public crypto::Session {
 public:
  CountedSession(crypto::SessionPointer inner, std::atomic<std::size_t>& alive, std::uint64_t number)
      : Session(inner->service(), inner->engine()), inner_(std::move(inner)), alive_(alive), number_(number) {
    ++alive_;
  }
  ~CountedSession() override { --alive_; }
  [[nodiscard]] const crypto::Session& inner() const { return *inner_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  const crypto::SessionPointer inner_;
  std::atomic<std::size_t>& alive_;
  const std::uint64_t number_;
};

const CountedSession& session_of(const crypto::Operation& operation) {
  return static_cast<const CountedSession&>(*operation.session);
}

}  // namespace

crypto::Expected<crypto::SessionPointer, crypto::Outcome> SteeredEngine::create_session(
    const crypto::SessionParameters& parameters) const {
  if (steering_.throws_in_create) throw std::runtime_error("no memory for a session");
  if (steering_.on_create) steering_.on_create();
  auto session = inner_->create_session(parameters);
  if (!session) return session;
  return crypto::SessionPointer(
      std::make_shared<CountedSession>(std::move(*session), steering_.sessions, next_session_++));
}

void SteeredEngine::execute(std::span<crypto::Operation> batch) const {
  steering_.gates.at(Place::kExecution).pass();
  int done = 0;
  for (crypto::Operation& operation : batch) {
    if (done == steering_.throws_after) throw std::runtime_error("no memory for an operation");
    if (done == 1) steering_.gates.at(Place::kMidway).pass();
    execute_one(operation);
    ++done;
  }
  steering_.gates.at(Place::kExecuted).pass();
}

void SteeredEngine::execute_one(crypto::Operation& operation) const {
  if (steering_.on_execute) steering_.on_execute(session_of(operation).number());
  crypto::Operation inner = operation;
  inner.session = &session_of(operation).inner();
  inner_->execute(std::span(&inner, 1));
  operation.outcome = inner.outcome;
  operation.output_bytes = inner.output_bytes;
  ++steering_.executed;
}

std::uint64_t SteeredEngine::estimated_ns(const crypto::Operation& operation) const {
  if (steering_.throws_in_estimate) throw std::runtime_error("no memory to think");
  steering_.gates.at(Place::kParsed).pass();
  const std::uint64_t forced = steering_.estimated_ns;
  if (forced != 0) return forced;
  crypto::Operation inner = operation;
  inner.session = &session_of(operation).inner();
  return inner_->estimated_ns(inner);
}

}  // namespace virtcrypt::test
