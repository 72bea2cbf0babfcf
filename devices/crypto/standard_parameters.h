// Session parameters of the standard dialect: numbers on the wire become algorithms, in create-session
// requests and in stateless ones alike (VIRTIO 1.4, 5.9.9.2.1 and 5.9.9.4 to 5.9.9.8).
#pragma once

#include <cstdint>
#include <span>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/expected.h"
#include "virtcrypt/crypto/secure_buffer.h"
#include "virtcrypt/crypto/session.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/status.h"
#include "virtcrypt/devices/crypto/wire_standard.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::standard {

// Fills the masks, services and key lengths of config space from what the engine has.
void describe(const crypto::Capabilities& capabilities, const Limits& limits, wire::Config& config);

// Feature bits of the stateless modes of those services that the engine has.
[[nodiscard]] virtio::FeatureSet stateless_features(const crypto::Capabilities& capabilities);

// The cipher of a session or a stateless request.
struct CipherFields {
  std::uint32_t algo;
  std::uint32_t key_len;
  std::uint32_t op;
};

// The hash or MAC half of a chain; hash_result_len is the session's, or the request's own.
struct ChainFields {
  std::uint32_t alg_chain_order;
  std::uint32_t hash_mode;
  CipherFields cipher;
  std::uint32_t hash_algo;
  std::uint32_t hash_result_len;
  std::uint32_t auth_key_len;
};

using Parsed = crypto::Expected<crypto::SessionParameters, RequestStatus>;

// Each reads the keys that follow from `keys` into `storage`, to which the parameters then point. kError when
// the chain ends before, a key is longer than config space allows, or a value is none; kNotSupported when the
// specification has no such algorithm.
[[nodiscard]] Parsed cipher_parameters(const CipherFields& fields, const Limits& limits,
                                       virtio::ReadCursor& keys, crypto::SecureBuffer& storage);
[[nodiscard]] Parsed chain_parameters(const ChainFields& fields, const Limits& limits,
                                      virtio::ReadCursor& keys, crypto::SecureBuffer& storage);
[[nodiscard]] Parsed hash_parameters(std::uint32_t algo, std::uint32_t hash_result_len);
[[nodiscard]] Parsed mac_parameters(std::uint32_t algo, std::uint32_t hash_result_len,
                                    std::uint32_t auth_key_len, const Limits& limits,
                                    virtio::ReadCursor& keys, crypto::SecureBuffer& storage);
[[nodiscard]] Parsed aead_parameters(std::uint32_t algo, std::uint32_t op, std::uint32_t tag_len,
                                     std::uint32_t key_len, const Limits& limits, virtio::ReadCursor& keys,
                                     crypto::SecureBuffer& storage);
[[nodiscard]] Parsed akcipher_parameters(std::uint32_t algo, std::uint32_t key_type, std::uint32_t key_len,
                                         const wire::AkcipherKind& kind, const Limits& limits,
                                         virtio::ReadCursor& keys, crypto::SecureBuffer& storage);

}  // namespace virtcrypt::devices::crypto_dev::standard
