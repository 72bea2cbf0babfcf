#include "tests/bench/raw_speed.h"

#include <stdexcept>

#include "tests/bench/operations.h"

namespace virtcrypt::bench {
namespace {

using std::chrono::steady_clock;

void execute(Operations& operations, const crypto::Engine& engine) {
  if (!operations.execute(engine)) throw std::runtime_error("an operation failed");
}

}  // namespace

double raw_speed(const crypto::Engine& engine, const Subject& subject, std::size_t bytes, std::size_t depth,
                 std::chrono::milliseconds time) {
  const auto session = engine.create_session(subject.parameters());
  if (!session) return 0;
  Operations operations(*session, subject, subject.text(bytes), depth);
  execute(operations, engine);  // warms up
  const auto start = steady_clock::now();
  std::size_t batches = 0;
  auto now = start;
  while (now < start + time) {
    execute(operations, engine);
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

}  // namespace virtcrypt::bench
