// An engine says which algorithms it has and executes batches of operations on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "virtcrypt/crypto/algorithms.h"
#include "virtcrypt/crypto/expected.h"
#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

// Accepted key lengths in bytes: least, least + step, ... most.
struct KeyBytes {
  std::uint32_t least;
  std::uint32_t most;
  std::uint32_t step;
  [[nodiscard]] constexpr bool contains(std::size_t bytes) const {
    return bytes >= least && bytes <= most && (bytes - least) % step == 0;
  }
};

// Longest MAC key that is taken; HMAC itself has no bound.
constexpr std::uint32_t kMaxMacKeyBytes = 1024;

// Most bytes of SHAKE output that one operation makes.
constexpr std::uint32_t kMaxShakeBytes = 1U << 20U;

// One row an algorithm. What an engine lists it carries out; what it does not list it refuses. All that is
// announced to users and guests is computed from these tables. `name` is as the algorithm's standard writes
// it, `source` the defining document, `engine` the name of the engine that executes it.
struct CipherCapability {
  CipherAlgorithm algorithm;
  std::string_view name;
  KeyBytes key_bytes;
  std::uint16_t iv_bytes;     // exact IV length, 0: takes none
  std::uint16_t block_bytes;  // text must be a multiple of this (1 for stream ciphers and XTS)
  std::uint16_t least_text_bytes;
  std::string_view source;
  std::string_view engine;
};

struct HashCapability {
  HashAlgorithm algorithm;
  std::string_view name;
  std::uint32_t digest_bytes;  // SHAKE: kMaxShakeBytes
  std::string_view source;
  std::string_view engine;
};

struct MacCapability {
  MacAlgorithm algorithm;
  std::string_view name;
  KeyBytes key_bytes;
  std::uint16_t iv_bytes;  // length of the IV at the front of the text
  std::uint16_t digest_bytes;
  std::string_view source;
  std::string_view engine;
};

struct AeadCapability {
  AeadAlgorithm algorithm;
  std::string_view name;
  KeyBytes key_bytes;
  std::span<const std::uint16_t> iv_bytes;   // accepted lengths, ascending
  std::span<const std::uint16_t> tag_bytes;  // accepted lengths, ascending
  std::string_view source;
  std::string_view engine;
};

struct AkcipherCapability {
  AkcipherAlgorithm algorithm;
  std::string_view name;
  std::uint32_t min_modulus_bits;  // ECDSA: of the field
  std::uint32_t max_modulus_bits;
  std::uint32_t max_key_bytes;  // longest encoded key accepted
  std::string_view source;
  std::string_view engine;
};

struct Capabilities {
  std::vector<CipherCapability> ciphers;
  std::vector<HashCapability> hashes;
  std::vector<MacCapability> macs;
  std::vector<AeadCapability> aeads;
  std::vector<AkcipherCapability> akciphers;
  bool chains = false;  // any cipher with any hash or MAC
};

// Thread-safety: any thread, concurrently. Does not throw on anything that a caller passes; std::bad_alloc
// may pass.
class Engine {
 public:
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // What its sessions are marked with.
  [[nodiscard]] virtual EngineId id() const = 0;
  // Constant, as long as the engine lives.
  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;

  // kNotSupported: no such algorithm here. kFailed: a length, or the key's encoding, refused.
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

// AES modes, many texts side by side, and what 3GPP standardized (libipsec-mb,
// https://github.com/intel/intel-ipsec-mb). Null when this processor cannot run it.
[[nodiscard]] std::unique_ptr<Engine> make_ipsec_mb_engine();

// What no library of the distribution has, or not at all lengths, in code of our own: KASUMI and ZUC.
[[nodiscard]] std::unique_ptr<Engine> make_built_in_engine();

// All engines as one: every algorithm goes to the first that has it, and chains are put together from the
// halves' sessions.
[[nodiscard]] std::unique_ptr<Engine> make_combined_engine(
    std::vector<std::unique_ptr<const Engine>> engines);

// Which of the libraries carries out what several have. What only one has is that one's in any case.
enum class EngineChoice : std::uint8_t {
  kAuto,      // the faster one
  kCryptopp,  // Crypto++
  kIpsecMb,   // libipsec-mb
};

// What users call them.
struct EngineName {
  EngineChoice choice;
  std::string_view name;
};
[[nodiscard]] std::span<const EngineName> engine_names();

// All engines of this build that this processor can run, combined. Null: this processor cannot run the chosen
// one, which happens to kIpsecMb alone.
[[nodiscard]] std::unique_ptr<Engine> make_engine(EngineChoice choice);

// make_engine(EngineChoice::kAuto)
[[nodiscard]] std::unique_ptr<Engine> make_default_engine();

// `engine` with some algorithms taken away, for testing drivers. It lists and refuses accordingly, in chains
// too. `keep` answers for each algorithm by service and name.
class AlgorithmFilter {
 public:
  virtual ~AlgorithmFilter() = default;
  [[nodiscard]] virtual bool keeps(Service service, std::string_view name) const = 0;
};
[[nodiscard]] std::unique_ptr<Engine> make_narrowed_engine(std::unique_ptr<const Engine> engine,
                                                           const AlgorithmFilter& filter);

}  // namespace virtcrypt::crypto
