// Requests of the standard dialect for every service, in each of its three layouts (VIRTIO 1.4, 5.9.8 and
// 5.9.9), written byte by byte and independent of the device's own structures.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "tests/driver/bytes.h"
#include "tests/driver/request.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::test {

enum class Layout : std::uint8_t {
  kPadded,     // sessions, REVISION_1 not negotiated: fixed parts padded to 56 and 48 bytes
  kRevision1,  // sessions, REVISION_1 negotiated: fixed parts of their exact size
  kStateless,  // no session: parameters and keys travel with each request
};

// What a create request asks for, or a stateless request says of itself. All numbers are those of 5.9.3, and
// nothing is checked: tests send nonsense as well. Keys are borrowed until the request has been built.
struct CipherSubject {
  std::uint32_t algorithm = 0;
  std::uint32_t op = wire_number::kEncrypt;
  std::span<const std::byte> key;
};

struct HashSubject {
  std::uint32_t algorithm = 0;
  std::uint32_t result_bytes = 0;
};

struct MacSubject {
  std::uint32_t algorithm = 0;
  std::uint32_t result_bytes = 0;
  std::span<const std::byte> key;
};

struct AeadSubject {
  std::uint32_t algorithm = 0;
  std::uint32_t op = wire_number::kEncrypt;
  std::uint32_t tag_bytes = 0;
  std::uint32_t aad_bytes = 0;  // of the session; requests carry the length of their own
  std::span<const std::byte> key;
};

struct RsaSubject {
  std::uint32_t key_type = 0;
  std::uint32_t padding = 0;
  std::uint32_t hash = 0;
  std::span<const std::byte> key;
};

struct EcdsaSubject {
  std::uint32_t key_type = 0;
  std::uint32_t curve = 0;
  std::span<const std::byte> key;
};

struct ChainSubject {
  std::uint32_t order = 0;
  std::uint32_t hash_mode = 0;  // 1 plain hash, 2 MAC
  CipherSubject cipher;
  MacSubject hash;              // of a plain hash without a key
  std::uint32_t aad_bytes = 0;  // of the session
};

using AkcipherSubject = std::variant<RsaSubject, EcdsaSubject>;

// Where a data request goes: to a session, or with kStateless to none.
struct Target {
  Layout layout = Layout::kPadded;
  std::uint64_t session = 0;
};

// Control queue. CIPHER and chains share opcodes; with kStateless there is nothing to create.
[[nodiscard]] Request create_request(Layout layout, const CipherSubject& subject);
[[nodiscard]] Request create_request(Layout layout, const HashSubject& subject);
[[nodiscard]] Request create_request(Layout layout, const MacSubject& subject);
[[nodiscard]] Request create_request(Layout layout, const AeadSubject& subject);
[[nodiscard]] Request create_request(Layout layout, const RsaSubject& subject);
[[nodiscard]] Request create_request(Layout layout, const EcdsaSubject& subject);
[[nodiscard]] Request create_request(Layout layout, const ChainSubject& subject);
// `opcode` is the *_DESTROY_SESSION of the service.
[[nodiscard]] Request destroy_request(Layout layout, std::uint32_t opcode, std::uint64_t session);

// Data queues. The subject is written with kStateless only; lengths are those of what is passed. `room` is
// dst_data_len or hash_result_len, and as many writable bytes come before the status.
[[nodiscard]] Request cipher_request(const Target& target, const CipherSubject& subject,
                                     std::span<const std::byte> iv, std::span<const std::byte> source,
                                     std::size_t room);
[[nodiscard]] Request hash_request(const Target& target, const HashSubject& subject,
                                   std::span<const std::byte> source, std::size_t room);
[[nodiscard]] Request mac_request(const Target& target, const MacSubject& subject,
                                  std::span<const std::byte> source, std::size_t room);
[[nodiscard]] Request aead_request(const Target& target, const AeadSubject& subject,
                                   std::span<const std::byte> iv, std::span<const std::byte> source,
                                   std::span<const std::byte> aad, std::size_t room);
// Encrypt, decrypt and sign.
[[nodiscard]] Request akcipher_request(const Target& target, const AkcipherSubject& subject,
                                       std::uint32_t opcode, std::span<const std::byte> source,
                                       std::size_t room);
// Signature and digest are both readable, nothing but the status is writable (5.9.9.8).
[[nodiscard]] Request verify_request(const Target& target, const AkcipherSubject& subject,
                                     std::span<const std::byte> signature, std::span<const std::byte> digest);

struct ChainData {
  std::span<const std::byte> iv;
  std::span<const std::byte> source;
  std::span<const std::byte> aad;
  std::size_t room = 0;
  std::size_t result_bytes = 0;  // hash_result_len; the digest comes behind dst_data
  std::uint32_t cipher_start = 0;
  std::uint32_t cipher_bytes = 0;
  std::uint32_t hash_start = 0;
  std::uint32_t hash_bytes = 0;
};
[[nodiscard]] Request chain_request(const Target& target, const ChainSubject& subject, const ChainData& data);

}  // namespace virtcrypt::test
