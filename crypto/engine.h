// An engine says which algorithms it has and executes batches of operations on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "virtcrypt/crypto/algorithms.h"
#include "virtcrypt/crypto/expected.h"
#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

// One row an algorithm. What an engine lists it carries out; what it does not list it refuses. All that is
// announced to users and guests is computed from these tables.
struct CipherCapability {
  CipherAlgorithm algorithm;
  std::string_view name;                     // as its standard writes it
  std::span<const std::uint16_t> key_bytes;  // accepted key lengths, ascending
  std::uint16_t iv_bytes;                    // exact IV length, 0: takes none
  std::uint16_t block_bytes;                 // text must be a multiple of this (1 for stream ciphers)
  std::string_view source;                   // defining document
};

struct AkcipherCapability {
  AkcipherAlgorithm algorithm;
  std::string_view name;
  std::uint32_t min_modulus_bits;
  std::uint32_t max_modulus_bits;
  std::uint32_t max_key_bytes;  // longest encoded key accepted
  std::string_view source;
};

// Thread-safety: any thread, concurrently. Does not throw on anything that a caller passes; std::bad_alloc
// may pass.
class Engine {
 public:
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::span<const CipherCapability> ciphers() const = 0;
  [[nodiscard]] virtual std::span<const AkcipherCapability> akciphers() const = 0;

  // kNotSupported: no such algorithm here. kFailed: key length or encoding refused.
  [[nodiscard]] virtual Expected<SessionPointer, Outcome> create_session(
      const SessionParameters& parameters) const = 0;

  // Carries out every operation and sets its outcome; one that fails does not disturb the others. Sessions
  // must come from this engine.
  virtual void execute(std::span<Operation> batch) const = 0;

  // Estimated cost of an operation in nanoseconds on one core, for deciding whether a hand-off to a worker
  // pays.
  [[nodiscard]] virtual std::uint64_t estimated_ns(const Operation& operation) const = 0;

 protected:
  Engine() = default;
};

// Everything that Crypto++ has (https://cryptopp.com).
[[nodiscard]] std::unique_ptr<Engine> make_cryptopp_engine();

}  // namespace virtcrypt::crypto
