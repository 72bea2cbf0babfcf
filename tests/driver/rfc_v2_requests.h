// Requests of the draft of April 2016 (docs/rfc-v2.md), written byte by byte: independent of the device's own
// structures, which are under test. Needs nothing but the device's description.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "tests/driver/bytes.h"
#include "tests/driver/request.h"

namespace virtcrypt::test::rfc_v2 {

// Feature bits, config space and statuses as plain numbers.
constexpr std::uint64_t kFeatureStatus = 1, kFeatureMq = 2, kFeatureAlgs = 4, kFeatureInline = 1U << 16U;
constexpr std::uint32_t kConfigStatus = 0, kConfigMaxVirtqueues = 2, kConfigAlgorithms = 4;
constexpr std::size_t kConfigBytes = 8;
constexpr std::uint8_t kOk = 0, kErr = 1, kBadMsg = 2;

constexpr std::uint8_t kTypeCreate = 1, kTypeClose = 2;
constexpr std::uint32_t kOpNone = 0, kOpCipher = 1, kOpHash = 2, kOpChaining = 3;
constexpr std::uint32_t kPlain = 1, kAuth = 2, kNested = 3;
constexpr std::uint32_t kHashThenCipher = 1, kCipherThenHash = 2;
constexpr std::uint8_t kEncrypt = 1, kDecrypt = 2;
constexpr std::uint32_t kAeadBase = 0x300;
constexpr std::uint32_t kEndOfSession = 1;

// Sizes on the wire.
constexpr std::size_t kSessionBytes = 38, kHeaderBytes = 44, kTrailerBytes = 9;

// The fields that create a session, each as it goes onto the wire: lengths need not be those of the keys.
struct Session {
  std::uint32_t op_type = kOpCipher;
  std::uint32_t cipher_alg = 0;
  std::uint32_t key_len = 0;
  std::uint8_t op = 0;
  std::uint32_t hash_alg = 0;
  std::uint32_t hash_mode = 0;
  std::uint32_t result_len = 0;
  std::uint32_t auth_key_len = 0;
  std::uint32_t aad_len = 0;
  std::uint32_t chain_order = 0;
  std::uint8_t verify_digest = 0;
  Bytes behind = {};  // keys and what goes with nested hashes
};

[[nodiscard]] Session cipher_session(std::uint32_t algorithm, std::span<const std::byte> key,
                                     std::uint8_t op);
[[nodiscard]] Session hash_session(std::uint32_t algorithm, std::size_t result_bytes);
[[nodiscard]] Session mac_session(std::uint32_t algorithm, std::span<const std::byte> key,
                                  std::size_t result_bytes);
[[nodiscard]] Session nested_session(std::uint32_t inner, std::uint32_t outer, std::size_t result_bytes,
                                     std::span<const std::byte> inner_prefix,
                                     std::span<const std::byte> outer_prefix);
// `algorithm` without kAeadBase.
[[nodiscard]] Session aead_session(std::uint32_t algorithm, std::span<const std::byte> key, std::uint8_t op,
                                   std::size_t tag_bytes);
// A cipher's and a hash's session in one.
[[nodiscard]] Session chain_session(std::uint32_t order, const Session& cipher, const Session& hash);

// Control queue.
[[nodiscard]] Bytes create_bytes(const Session& session);  // with the type
[[nodiscard]] Bytes close_bytes(std::uint64_t id);
[[nodiscard]] Request create(const Session& session);
[[nodiscard]] Request close(std::uint64_t id);

// A data request's header.
struct Header {
  std::uint64_t session = 0;
  std::uint32_t iv_len = 0;
  std::uint32_t iv_offset = 0;
  std::uint32_t auth_len = 0;
  std::uint32_t auth_offset = 0;
  std::uint32_t cipher_start = 0;
  std::uint32_t cipher_len = 0;
  std::uint32_t hash_start = 0;
  std::uint32_t hash_len = 0;
  std::uint32_t source_len = 0;
};
[[nodiscard]] Bytes header_bytes(const Header& header);

// A request as its parts: a header, what lies in memory, what is wanted.
struct Data {
  Header header;
  Bytes memory;                         // M
  std::size_t destination = 0;          // writable bytes before the digest
  std::size_t digest = 0;               // writable bytes of digest or tag
  std::optional<std::uint32_t> flags;   // INLINE_SESSION
  std::optional<Session> session = {};  // brought along; makes the session 0
};

// IV, source, AAD, one behind the other (draft, G-10), the cipher and the hash over all of the source.
[[nodiscard]] Data data_of(std::uint64_t session, std::span<const std::byte> iv,
                           std::span<const std::byte> source, std::span<const std::byte> aad,
                           std::size_t destination, std::size_t digest);

[[nodiscard]] Bytes readable_bytes(const Data& data);
[[nodiscard]] std::size_t writable_bytes(const Data& data);
[[nodiscard]] Request request(const Data& data);

// AES-128-CBC encryption, a session and a request on it; SP 800-38A, F.2.1.
[[nodiscard]] Session cbc_session(std::uint8_t op = kEncrypt);
[[nodiscard]] Data cbc_data(std::uint64_t session);
[[nodiscard]] Bytes cbc_result();
// Whether that came back, with status OK.
[[nodiscard]] bool is_cbc_answer(const Answer& answer);

// What came back.
[[nodiscard]] std::uint64_t le64_at(std::span<const std::byte> bytes, std::size_t offset);

}  // namespace virtcrypt::test::rfc_v2
