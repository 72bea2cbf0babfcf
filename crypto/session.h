// A session: an immutable set of parameters with its expanded keys, made by an engine, shared by all who use
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::crypto {

// What a caller asks for. The key spans are borrowed for the duration of Engine::create_session only; they
// must not alias memory that somebody else may change meanwhile (copy a guest's key out first).
struct CipherParameters {
  CipherAlgorithm algorithm;
  Direction direction;
  std::span<const std::byte> key;  // raw key octets; length as in CipherCapability::key_bytes
};

// `result_bytes` of HASH and MAC: the most bytes of a digest that one operation may ask for; at least 1. The
// digest's own length is the other bound.
struct HashParameters {
  HashAlgorithm algorithm;
  std::uint32_t result_bytes;
};

// Digest of outer(outer_prefix || inner(inner_prefix || text)), both by plain hashes.
struct NestedHashParameters {
  HashAlgorithm inner;  // not SHAKE: its output has no length of its own
  HashAlgorithm outer;
  std::uint32_t result_bytes;
  std::span<const std::byte> inner_prefix;
  std::span<const std::byte> outer_prefix;
};

struct MacParameters {
  MacAlgorithm algorithm;
  std::uint32_t result_bytes;
  std::span<const std::byte> key;
};

struct AeadParameters {
  AeadAlgorithm algorithm;
  Direction direction;
  std::uint32_t tag_bytes;
  std::span<const std::byte> key;
};

// What a chain's output is.
enum class ChainOutput : std::uint8_t {
  kImage,        // the input, with the cipher's range replaced
  kCipherRange,  // the cipher's range alone
};

struct ChainParameters {
  ChainOrder order;
  CipherParameters cipher;
  std::variant<HashParameters, MacParameters, NestedHashParameters> hash;
  ChainOutput output = ChainOutput::kImage;
};

struct RsaParameters {
  KeyType key_type;
  RsaPadding padding;
  HashAlgorithm hash;              // used by sign and verify with kPkcs1 only
  std::span<const std::byte> key;  // DER: RSAPublicKey or RSAPrivateKey (RFC 8017, A.1)
};

struct EcdsaParameters {
  KeyType key_type;
  Curve curve;
  std::span<const std::byte> key;  // public: a point (SEC 1, 2.3.3); private: ECPrivateKey in DER (RFC 5915)
};

using SessionParameters = std::variant<CipherParameters, ChainParameters, HashParameters, MacParameters,
                                       AeadParameters, RsaParameters, EcdsaParameters, NestedHashParameters>;

// Who made a session, and is the one to execute its operations. kChain: combined from sessions of the others,
// which chains and nested hashes are.
enum class EngineId : std::uint8_t { kCryptopp, kIpsecMb, kBuiltIn, kChain };
constexpr std::size_t kEngineIds = 4;

// Thread-safety: immutable after creation, any number of threads may execute operations on one session at
// once. The last owner destroys it, which wipes its keys.
class Session {
 public:
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Service service() const { return service_; }
  [[nodiscard]] EngineId engine() const { return engine_; }

 protected:
  Session(Service service, EngineId engine) : service_(service), engine_(engine) {}

 private:
  Service service_;
  EngineId engine_;
};

using SessionPointer = std::shared_ptr<const Session>;

}  // namespace virtcrypt::crypto
