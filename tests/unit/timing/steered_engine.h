// The default engine under a test's hand: stopped at gates, slowed down, made to fail, and its sessions
// counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "tests/unit/timing/gates.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::test {

// Outlives the engine. Thread-safety: any thread.
struct Steering {
  Gates gates;
  std::atomic<std::uint64_t> estimated_ns{0};  // of every operation; 0: what the engine says
  std::atomic<std::size_t> sessions{0};        // alive
  std::atomic<std::uint64_t> executed{0};      // operations
  std::atomic<bool> throws_in_create{false};
  std::atomic<bool> throws_in_estimate{false};
  std::atomic<int> throws_after{-1};  // operations of a batch; negative: never
  // Called for each operation with the number of its session, before it is executed.
  std::function<void(std::uint64_t session)> on_execute = {};
  std::function<void()> on_create = {};
};

class SteeredEngine final : public crypto::Engine {
 public:
  explicit SteeredEngine(Steering& steering) : steering_(steering), inner_(crypto::make_default_engine()) {}

  [[nodiscard]] std::string_view name() const override { return inner_->name(); }
  [[nodiscard]] crypto::EngineId id() const override { return inner_->id(); }
  [[nodiscard]] const crypto::Capabilities& capabilities() const override { return inner_->capabilities(); }
  [[nodiscard]] crypto::Expected<crypto::SessionPointer, crypto::Outcome> create_session(
      const crypto::SessionParameters& parameters) const override;
  void execute(std::span<crypto::Operation> batch) const override;
  [[nodiscard]] std::uint64_t estimated_ns(const crypto::Operation& operation) const override;

 private:
  void execute_one(crypto::Operation& operation) const;

  Steering& steering_;
  const std::unique_ptr<const crypto::Engine> inner_;
  mutable std::atomic<std::uint64_t> next_session_{0};
};

}  // namespace virtcrypt::test
