// Byte layouts of the standard device without VIRTIO_CRYPTO_F_REVISION_1 (VIRTIO 1.4, 5.9). Numbers of
// opcodes, algorithms and statuses are those of linux/virtio_crypto.h; the structures are ours, for their
// typed byte order.
#pragma once

#include <cstdint>

#include "virtcrypt/virtio/endian.h"

namespace virtcrypt::devices::crypto_dev::wire {

using virtio::Le32;
using virtio::Le64;

// 5.9.5: device configuration layout.
struct Config {
  Le32 status;
  Le32 max_dataqueues;
  Le32 crypto_services;
  Le32 cipher_algo_l;
  Le32 cipher_algo_h;
  Le32 hash_algo;
  Le32 mac_algo_l;
  Le32 mac_algo_h;
  Le32 aead_algo;
  Le32 max_cipher_key_len;
  Le32 max_auth_key_len;
  Le32 akcipher_algo;
  Le64 max_size;
};
static_assert(sizeof(Config) == 56);

// Fixed parts are padded to one size for all services: 56 bytes on the control queue, 48 on data queues.
constexpr std::size_t kControlFixedBytes = 56;
constexpr std::size_t kDataFixedBytes = 48;

// 5.9.9.2: control queue. The driver controls every field.
struct ControlHeader {
  Le32 opcode;
  Le32 algo;  // the one in the fixed part counts
  Le32 flag;  // no meaning defined
  Le32 reserved;
};
static_assert(sizeof(ControlHeader) == 16);

struct CipherSession {
  Le32 algo;
  Le32 key_len;
  Le32 op;
  Le32 padding;
};

struct SymCreateSession {
  CipherSession cipher;
  std::uint8_t unused[32];
  Le32 op_type;
  Le32 padding;
};
static_assert(sizeof(SymCreateSession) == kControlFixedBytes);

struct AkcipherCreateSession {
  Le32 algo;
  Le32 key_type;
  Le32 key_len;
  Le32 rsa_padding_algo;
  Le32 rsa_hash_algo;
  std::uint8_t unused[36];
};
static_assert(sizeof(AkcipherCreateSession) == kControlFixedBytes);

struct DestroySession {
  Le64 session_id;
  std::uint8_t unused[48];
};
static_assert(sizeof(DestroySession) == kControlFixedBytes);

struct CreateSessionAnswer {
  Le64 session_id;
  Le32 status;
  Le32 padding;
};
static_assert(sizeof(CreateSessionAnswer) == 16);

// 5.9.9.3: data queues. The driver controls every field.
struct DataHeader {
  Le32 opcode;
  Le32 algo;  // the session's counts
  Le64 session_id;
  Le32 flag;  // meaningless without REVISION_1: every request is of a session
  Le32 padding;
};
static_assert(sizeof(DataHeader) == 24);

struct SymData {
  Le32 iv_len;
  Le32 src_data_len;
  Le32 dst_data_len;
  std::uint8_t unused[28];
  Le32 op_type;
  Le32 padding;
};
static_assert(sizeof(SymData) == kDataFixedBytes);

struct AkcipherData {
  Le32 src_data_len;
  Le32 dst_data_len;
  std::uint8_t unused[40];
};
static_assert(sizeof(AkcipherData) == kDataFixedBytes);

}  // namespace virtcrypt::devices::crypto_dev::wire
