// A session: an immutable set of parameters with its expanded keys, made by an engine, shared by all who use
// it.
#pragma once

#include <cstddef>
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

struct RsaParameters {
  KeyType key_type;
  RsaPadding padding;
  HashAlgorithm hash;              // used by sign and verify with kPkcs1 only
  std::span<const std::byte> key;  // DER: RSAPublicKey or RSAPrivateKey (RFC 8017, A.1)
};

using SessionParameters = std::variant<CipherParameters, RsaParameters>;

// Thread-safety: immutable after creation, any number of threads may execute operations on one session at
// once. The last owner destroys it, which wipes its keys.
class Session {
 public:
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Service service() const { return service_; }

 protected:
  explicit Session(Service service) : service_(service) {}

 private:
  Service service_;
};

using SessionPointer = std::shared_ptr<const Session>;

}  // namespace virtcrypt::crypto
