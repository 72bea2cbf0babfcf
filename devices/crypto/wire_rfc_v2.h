// Byte layouts and numbers of the draft of April 2016 ("RFC v2"). Enumerations are 32 bits wide (draft, G-01)
// and structures packed (draft, G-06); algorithm numbers stand in algorithm_numbers.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "virtcrypt/virtio/endian.h"

namespace virtcrypt::devices::crypto_dev::wire_rfc_v2 {

using virtio::Le16;
using virtio::Le32;
using virtio::Le64;

// Feature bits. The last one is ours.
constexpr unsigned kFeatureStatus = 0;
constexpr unsigned kFeatureMq = 1;
constexpr unsigned kFeatureAlgs = 2;
constexpr unsigned kFeatureInlineSession = 16;

// Device configuration layout. Fields of features that are not offered read 0 (draft, G-31).
struct Config {
  Le16 status;
  Le16 max_virtqueues;
  Le32 algorithms;
};
static_assert(sizeof(Config) == 8);
constexpr std::uint16_t kStatusHwReady = 1;
constexpr std::uint32_t kAlgorithmsSymmetric = 1;  // draft, G-34: bit 1 would be asymmetric ones

// Control queue. The driver controls every field.
enum ControlType : std::uint8_t { kCreateSession = 1, kCloseSession = 2 };

enum OpType : std::uint32_t { kOpCipher = 1, kOpHash = 2, kOpAlgorithmChaining = 3 };
enum HashMode : std::uint32_t { kHashPlain = 1, kHashAuth = 2, kHashNested = 3 };
// draft, G-04: GCM, CCM and ChaCha20-Poly1305 as cipher and as hash are this plus their AEAD number.
constexpr std::uint32_t kAeadBase = 0x0300;

struct CipherSetup {
  Le32 alg;
  Le32 keylen;
  std::uint8_t op;
};

struct HashSetup {
  Le32 hash_alg;
  Le32 hash_mode;
  Le32 hash_result_len;
  Le32 auth_key_len;
  Le32 aad_len;
};

// Behind it: the cipher's key, then the MAC's key or a NestedHead.
struct SessionOp {
  Le32 op_type;
  CipherSetup cipher;
  HashSetup hash;
  Le32 alg_chain_order;
  std::uint8_t verify_digest;
};
static_assert(sizeof(SessionOp) == 38 && alignof(SessionOp) == 1);

// draft, G-19. Behind it: the inner prefix, the outer prefix.
struct NestedHead {
  Le32 outer_hash_alg;
  Le32 inner_prefix_len;
  Le32 outer_prefix_len;
};
static_assert(sizeof(NestedHead) == 12);

struct CreateAnswer {
  std::uint8_t status;
  Le64 session_id;
};
static_assert(sizeof(CreateAnswer) == 9 && alignof(CreateAnswer) == 1);

// Data queues. The driver controls every field.
struct DataHeader {
  Le64 session_id;
  Le32 iv_len;
  Le32 iv_offset;
  Le32 auth_len;
  Le32 additional_auth_offset;
  Le32 cipher_start_src_offset;
  Le32 len_to_cipher;
  Le32 hash_start_src_offset;
  Le32 len_to_hash;
  Le32 source_len;
};
static_assert(sizeof(DataHeader) == 44 && alignof(DataHeader) == 1);

// With INLINE_SESSION behind the header.
struct InlineFlags {
  Le32 flags;
};
constexpr std::uint32_t kEndOfSession = 1;

// Control and data queues alike; the latter know the third as well.
enum Status : std::uint8_t { kStatusOk = 0, kStatusErr = 1, kStatusBadMsg = 2 };

}  // namespace virtcrypt::devices::crypto_dev::wire_rfc_v2
