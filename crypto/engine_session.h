// What the sessions of all engines have in common: they carry out their own operations and know their price.
#pragma once

#include <cstdint>

#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/scatter.h"
#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

// Price of an operation: a fixed part and one that grows with text and AAD. The numbers in the engines'
// tables come from timing this code on one core of a 2020s server (AMD EPYC with AES-NI, CLMUL and SHA
// extensions). Right within a factor of three elsewhere, which is what the decision about a hand-off needs.
struct Cost {
  std::uint32_t fixed_ns = 0;
  std::uint32_t ns_per_kib = 0;

  [[nodiscard]] std::uint64_t of(std::uint64_t bytes) const {
    constexpr std::uint64_t kKib = 1024;
    return fixed_ns + bytes * ns_per_kib / kKib;
  }
};

class EngineSession : public Session {
 public:
  // Sets `output_bytes` on success. May throw CryptoPP::Exception, which the engine takes for kFailed.
  [[nodiscard]] virtual Outcome execute(Operation& operation) const = 0;
  // Hands the operation to code of this thread's that works on several side by side, when the engine next has
  // it do so. False: it is to be executed by itself.
  [[nodiscard]] virtual bool join_burst(Operation&) const { return false; }
  // As Engine::estimated_ns.
  [[nodiscard]] virtual std::uint64_t estimated_ns(const Operation& operation) const {
    return cost_.of(total_bytes(operation.input) + total_bytes(operation.aad));
  }

 protected:
  EngineSession(Service service, EngineId engine, const Cost& cost) : Session(service, engine), cost_(cost) {}
  [[nodiscard]] const Cost& cost() const { return cost_; }

 private:
  Cost cost_;
};

}  // namespace virtcrypt::crypto
