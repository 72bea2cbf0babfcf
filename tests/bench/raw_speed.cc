#include "tests/bench/raw_speed.h"

#include <memory>
#include <stdexcept>
#include <vector>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::bench {
namespace {

using std::chrono::steady_clock;

// Operations with memory of their own. They point into this object, which is not moved.
class Operations {
 public:
  Operations(const crypto::SessionPointer& session, const Subject& subject, std::size_t bytes,
             std::size_t count)
      : session_(session), aad_(subject.aad) {
    const test::Bytes text = subject.text(bytes);
    texts_.assign(count, text);
    results_.assign(count, test::Bytes(subject.result_bytes(text.size())));
    inputs_.assign(texts_.begin(), texts_.end());
    outputs_.assign(results_.begin(), results_.end());
    operations_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      crypto::Operation& operation = operations_[i];
      operation.session = session_.get();
      operation.kind = subject.kind;
      operation.input = std::span(&inputs_[i], 1);
      operation.output = std::span(&outputs_[i], 1);
      if (!subject.aad.empty()) operation.aad = std::span(&aad_, 1);
      operation.iv = subject.iv;
      operation.tag_bytes = subject.tag_bytes;
    }
  }

  void execute(const crypto::Engine& engine) {
    engine.execute(operations_);
    for (const crypto::Operation& operation : operations_) {
      if (operation.outcome != crypto::Outcome::kOk) throw std::runtime_error("an operation failed");
    }
  }
  [[nodiscard]] const test::Bytes& result(std::size_t index) const { return results_[index]; }

 private:
  crypto::SessionPointer session_;
  std::span<const std::byte> aad_;
  std::vector<test::Bytes> texts_, results_;
  std::vector<std::span<const std::byte>> inputs_;
  std::vector<std::span<std::byte>> outputs_;
  std::vector<crypto::Operation> operations_;
};

}  // namespace

double raw_speed(const crypto::Engine& engine, const Subject& subject, std::size_t bytes, std::size_t depth,
                 std::chrono::milliseconds time) {
  const auto session = engine.create_session(subject.parameters());
  if (!session) return 0;
  Operations operations(*session, subject, bytes, depth);
  operations.execute(engine);  // warms up
  const auto start = steady_clock::now();
  std::size_t batches = 0;
  auto now = start;
  while (now < start + time) {
    operations.execute(engine);
    ++batches;
    now = steady_clock::now();
  }
  return static_cast<double>(batches * depth) / std::chrono::duration<double>(now - start).count();
}

double raw_session_speed(const crypto::Engine& engine, const Subject& subject,
                         std::chrono::milliseconds time) {
  constexpr std::size_t kBetweenClocks = 64;
  const crypto::SessionParameters parameters = subject.parameters();
  const auto start = steady_clock::now();
  std::size_t rounds = 0;
  auto now = start;
  for (; now < start + time; now = steady_clock::now(), ++rounds) {
    for (std::size_t i = 0; i < kBetweenClocks; ++i) {
      if (!engine.create_session(parameters)) return 0;
    }
  }
  return static_cast<double>(rounds * kBetweenClocks) / std::chrono::duration<double>(now - start).count();
}

test::Bytes expected_result(const Subject& subject, std::size_t bytes) {
  const auto engine = crypto::make_default_engine();
  const auto session = engine->create_session(subject.parameters());
  if (!session) throw std::runtime_error(fmt::format("no engine has {}", subject.name));
  Operations operations(*session, subject, bytes, 1);
  operations.execute(*engine);
  return operations.result(0);
}

}  // namespace virtcrypt::bench
