// Byte layouts of the standard device (VIRTIO 1.4, 5.9). Numbers of opcodes, algorithms and statuses are
// those of linux/virtio_crypto.h where it has them; the structures are ours, for their typed byte order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::devices::crypto_dev::wire {

using virtio::Le32;
using virtio::Le64;

// 5.9.3: feature bits; linux/virtio_crypto.h has none of them.
constexpr unsigned kFeatureRevision1 = 0;
constexpr unsigned kFeatureCipherStateless = 1;
constexpr unsigned kFeatureHashStateless = 2;
constexpr unsigned kFeatureMacStateless = 3;
constexpr unsigned kFeatureAeadStateless = 4;
constexpr unsigned kFeatureAkcipherStateless = 5;

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

// Without REVISION_1 fixed parts are padded to one size for all services: 56 bytes on the control queue, 48
// on data queues. With it, and in stateless requests, they are as long as the structure.
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

struct HashSession {
  Le32 algo;
  Le32 hash_result_len;
};
static_assert(sizeof(HashSession) == 8);

struct MacSession {
  Le32 algo;
  Le32 hash_result_len;
  Le32 auth_key_len;
  Le32 padding;
};
static_assert(sizeof(MacSession) == 16);

struct CipherSession {
  Le32 algo;
  Le32 key_len;
  Le32 op;
  Le32 padding;
};
static_assert(sizeof(CipherSession) == 16);

struct ChainSession {
  Le32 alg_chain_order;
  Le32 hash_mode;
  CipherSession cipher;
  std::byte algo_flf[16];  // HashSession or MacSession, by hash_mode
  Le32 aad_len;
  Le32 padding;
};
static_assert(sizeof(ChainSession) == 48);

struct SymCreateSession {
  std::byte op_flf[48];  // CipherSession or ChainSession, by op_type
  Le32 op_type;
  Le32 padding;
};
static_assert(sizeof(SymCreateSession) == kControlFixedBytes);

struct AeadSession {
  Le32 algo;
  Le32 key_len;
  Le32 tag_len;
  Le32 aad_len;
  Le32 op;
  Le32 padding;
};
static_assert(sizeof(AeadSession) == 24);

// RSA: padding_algo, hash_algo. ECDSA: curve_id, and a word that nothing is said about.
struct AkcipherKind {
  Le32 padding_algo_or_curve_id;
  Le32 hash_algo;
};

struct AkcipherSession {
  Le32 algo;
  Le32 key_type;
  Le32 key_len;
  AkcipherKind kind;
  std::byte unused[36];
};
static_assert(sizeof(AkcipherSession) == kControlFixedBytes);

struct DestroySession {
  Le64 session_id;
};
static_assert(sizeof(DestroySession) == 8);

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
  Le32 flag;  // with REVISION_1: kSessionMode or kStatelessMode; without, every request is of a session
  Le32 padding;
};
static_assert(sizeof(DataHeader) == 24);
constexpr std::uint32_t kStatelessMode = 0;
constexpr std::uint32_t kSessionMode = 1;

// 5.9.9.4
struct HashData {
  Le32 src_data_len;
  Le32 hash_result_len;
};
static_assert(sizeof(HashData) == 8);

struct HashDataStateless {
  Le32 algo;
  Le32 src_data_len;
  Le32 hash_result_len;
  Le32 reserved;
};
static_assert(sizeof(HashDataStateless) == 16);

// 5.9.9.5
using MacData = HashData;

struct MacDataStateless {
  Le32 algo;
  Le32 auth_key_len;
  Le32 src_data_len;
  Le32 hash_result_len;
};
static_assert(sizeof(MacDataStateless) == 16);

// 5.9.9.6
struct CipherData {
  Le32 iv_len;
  Le32 src_data_len;
  Le32 dst_data_len;
  Le32 padding;
};
static_assert(sizeof(CipherData) == 16);

struct ChainData {
  Le32 iv_len;
  Le32 src_data_len;
  Le32 dst_data_len;
  Le32 cipher_start_src_offset;
  Le32 len_to_cipher;
  Le32 hash_start_src_offset;
  Le32 len_to_hash;
  Le32 aad_len;
  Le32 hash_result_len;
  Le32 reserved;
};
static_assert(sizeof(ChainData) == 40);

struct SymData {
  std::byte op_type_flf[40];  // CipherData or ChainData, by op_type
  Le32 op_type;
  Le32 padding;
};
static_assert(sizeof(SymData) == kDataFixedBytes);

struct CipherDataStateless {
  Le32 algo;
  Le32 key_len;
  Le32 op;
  CipherData data;  // its last word is not part of the structure, and ignored
};

struct ChainDataStateless {
  Le32 alg_chain_order;
  Le32 aad_len;
  Le32 cipher_algo;
  Le32 cipher_key_len;
  Le32 cipher_op;
  Le32 hash_algo;
  Le32 auth_key_len;
  Le32 hash_mode;
  ChainData data;
};
static_assert(sizeof(ChainDataStateless) == 72);

struct SymDataStateless {
  std::byte op_type_flf[72];  // CipherDataStateless or ChainDataStateless, by op_type
  Le32 op_type;
};
static_assert(sizeof(SymDataStateless) == 76);

// 5.9.9.7
struct AeadData {
  Le32 iv_len;
  Le32 aad_len;
  Le32 src_data_len;
  Le32 dst_data_len;
  Le32 tag_len;
  Le32 reserved;
};
static_assert(sizeof(AeadData) == 24);

struct AeadDataStateless {
  Le32 algo;
  Le32 key_len;
  Le32 op;
  Le32 iv_len;
  Le32 tag_len;
  Le32 aad_len;
  Le32 src_data_len;
  Le32 dst_data_len;
};
static_assert(sizeof(AeadDataStateless) == 32);

// 5.9.9.8
struct AkcipherData {
  Le32 src_data_len;
  Le32 dst_data_len;
};
static_assert(sizeof(AkcipherData) == 8);

struct AkcipherDataStateless {
  Le32 algo;
  Le32 key_type;
  Le32 key_len;
  AkcipherKind kind;
  AkcipherData data;
};
static_assert(sizeof(AkcipherDataStateless) == 28);

}  // namespace virtcrypt::devices::crypto_dev::wire
