#include "virtcrypt/devices/crypto/session_messages.h"

#include <array>
#include <cstring>
#include <optional>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/standard_parameters.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

using standard::Parsed;
using Refused = crypto::Unexpected<RequestStatus>;

constexpr std::size_t kMaxCipherKey = 64, kMaxAuthKey = 512, kMaxAsymKey = 1024;

// Host byte order, with pointers of the front-end's that mean nothing here.
struct SymSession {
  std::uint32_t cipher_algo;
  std::uint32_t key_len;
  std::uint32_t hash_algo;
  std::uint32_t hash_result_len;
  std::uint32_t auth_key_len;
  std::uint32_t aad_len;
  std::uint8_t op_type;
  std::uint8_t direction;
  std::uint8_t hash_mode;
  std::uint8_t alg_chain_order;
  std::uint32_t unused;
  std::uint64_t pointers[2];
};
static_assert(sizeof(SymSession) == 48);

// The same with the opcode in front, which takes the place of the padding.
struct SymSessionWithOpcode {
  std::uint32_t opcode;
  std::uint32_t cipher_algo;
  std::uint32_t key_len;
  std::uint32_t hash_algo;
  std::uint32_t hash_result_len;
  std::uint32_t auth_key_len;
  std::uint32_t aad_len;
  std::uint8_t op_type;
  std::uint8_t direction;
  std::uint8_t hash_mode;
  std::uint8_t alg_chain_order;
  std::uint64_t pointers[2];
};
static_assert(sizeof(SymSessionWithOpcode) == sizeof(SymSession));

struct Keys {
  std::array<std::byte, kMaxCipherKey> cipher;
  std::array<std::byte, kMaxAuthKey> auth;
};

struct AsymSession {
  std::uint32_t algo;
  std::uint32_t key_type;
  std::uint32_t key_len;
  std::uint32_t padding_algo;
  std::uint32_t hash_algo;
  std::uint32_t unused;
  std::uint64_t pointer;
};
static_assert(sizeof(AsymSession) == 32);

// Where things are in a payload.
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kSymBytes = kIdBytes + sizeof(SymSession) + sizeof(Keys);  // QEMU up to 8.2
constexpr std::size_t kOpcodeBytes = 8;
constexpr std::size_t kUnionBytes = sizeof(AsymSession) + kMaxAsymKey;
constexpr std::size_t kBothBytes = kOpcodeBytes + kUnionBytes + kIdBytes;  // from QEMU 9.0 on
static_assert(kSymBytes == 632 && kBothBytes == 1072);

template <typename Structure>
Structure structure_at(std::span<const std::byte> bytes, std::size_t offset) {
  Structure structure;
  std::memcpy(&structure, bytes.data() + offset, sizeof structure);
  return structure;
}

bool is_op_type(std::uint8_t value) {
  return value == VIRTIO_CRYPTO_SYM_OP_CIPHER || value == VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING;
}
bool is_direction(std::uint8_t value) {
  return value == VIRTIO_CRYPTO_OP_ENCRYPT || value == VIRTIO_CRYPTO_OP_DECRYPT;
}

// Equally long: where one has its operation the other one has the length of AAD, or padding.
SymSession sym_session(std::span<const std::byte> bytes) {
  const auto without = structure_at<SymSession>(bytes, 0);
  const auto with = structure_at<SymSessionWithOpcode>(bytes, 0);
  const bool has_opcode = with.opcode == VIRTIO_CRYPTO_CIPHER_CREATE_SESSION && is_op_type(with.op_type) &&
                          is_direction(with.direction) &&
                          !(is_op_type(without.op_type) && is_direction(without.direction));
  if (!has_opcode) return without;
  return {.cipher_algo = with.cipher_algo,
          .key_len = with.key_len,
          .hash_algo = with.hash_algo,
          .hash_result_len = with.hash_result_len,
          .auth_key_len = with.auth_key_len,
          .aad_len = with.aad_len,
          .op_type = with.op_type,
          .direction = with.direction,
          .hash_mode = with.hash_mode,
          .alg_chain_order = with.alg_chain_order,
          .unused = 0,
          .pointers = {}};
}

// A cursor over keys as it walks them in a request of a driver.
class KeyBytes {
 public:
  // The first `cipher` bytes of one and `auth` of the other.
  KeyBytes(std::span<const std::byte> cipher, std::span<const std::byte> auth)
      : pieces_{writable(cipher), writable(auth)}, bytes_(cipher.size() + auth.size()) {}
  [[nodiscard]] virtio::ReadCursor reader() const { return virtio::ReadCursor(pieces_, bytes_); }

 private:
  // Cursors are made of segments that a device may write; this one only reads.
  static std::span<std::byte> writable(std::span<const std::byte> bytes) {
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
  }
  std::array<std::span<std::byte>, 2> pieces_;
  std::uint64_t bytes_;
};

Parsed sym_parameters(const SymSession& session, std::span<const std::byte> keys, const Limits& limits,
                      crypto::SecureBuffer& storage) {
  const standard::CipherFields cipher{session.cipher_algo, session.key_len, session.direction};
  const bool chains = session.op_type == VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING;
  if (!chains && session.op_type != VIRTIO_CRYPTO_SYM_OP_CIPHER) return Refused(RequestStatus::kNotSupported);
  const bool has_mac = chains && session.hash_mode == VIRTIO_CRYPTO_SYM_HASH_MODE_AUTH;
  if (session.key_len > kMaxCipherKey || (has_mac && session.auth_key_len > kMaxAuthKey))
    return Refused(RequestStatus::kError);
  const KeyBytes key_bytes(keys.first(session.key_len),
                           keys.subspan(kMaxCipherKey, has_mac ? session.auth_key_len : 0));
  virtio::ReadCursor reader = key_bytes.reader();
  if (!chains) return standard::cipher_parameters(cipher, limits, reader, storage);
  return standard::chain_parameters({.alg_chain_order = session.alg_chain_order,
                                     .hash_mode = session.hash_mode,
                                     .cipher = cipher,
                                     .hash_algo = session.hash_algo,
                                     .hash_result_len = session.hash_result_len,
                                     .auth_key_len = session.auth_key_len},
                                    limits, reader, storage);
}

Parsed asym_parameters(std::span<const std::byte> bytes, const Limits& limits,
                       crypto::SecureBuffer& storage) {
  const auto session = structure_at<AsymSession>(bytes, 0);
  if (session.key_len > kMaxAsymKey) return Refused(RequestStatus::kError);
  const KeyBytes key_bytes(bytes.subspan(sizeof session, session.key_len), {});
  virtio::ReadCursor reader = key_bytes.reader();
  return standard::akcipher_parameters(
      session.algo, session.key_type, session.key_len,
      {.padding_algo_or_curve_id = session.padding_algo, .hash_algo = session.hash_algo}, limits, reader,
      storage);
}

// From QEMU 9.0 on: opcode, one of two structures, session id.
Parsed parameters_of_both(std::span<const std::byte> request, const Limits& limits,
                          crypto::SecureBuffer& storage) {
  const auto opcode = structure_at<std::uint64_t>(request, 0);
  const auto body = request.subspan(kOpcodeBytes, kUnionBytes);
  if (opcode == VIRTIO_CRYPTO_AKCIPHER_CREATE_SESSION) return asym_parameters(body, limits, storage);
  if (opcode != VIRTIO_CRYPTO_CIPHER_CREATE_SESSION) return Refused(RequestStatus::kNotSupported);
  return sym_parameters(structure_at<SymSession>(body, 0), body.subspan(sizeof(SymSession), sizeof(Keys)),
                        limits, storage);
}

// What the protocol wants for a session that there is not: a negative id, QEMU takes any.
std::int64_t id_or_error(const crypto::Expected<std::uint64_t, RequestStatus>& id) {
  if (id) return static_cast<std::int64_t>(*id);
  switch (id.error()) {
    case RequestStatus::kNotSupported:
      return -VIRTIO_CRYPTO_NOTSUPP;
    case RequestStatus::kNoSpace:
      return -VIRTIO_CRYPTO_NOSPC;
    default:
      return -VIRTIO_CRYPTO_ERR;
  }
}

}  // namespace

bool SessionMessages::create_session(std::span<const std::byte> request, std::span<std::byte> answer) {
  if (request.size() != kSymBytes && request.size() != kBothBytes) return false;
  crypto::SecureBuffer storage;
  const bool has_both = request.size() == kBothBytes;
  const Limits& limits = device_.limits();
  const Parsed parsed =
      has_both
          ? parameters_of_both(request, limits, storage)
          : sym_parameters(sym_session(request.subspan(kIdBytes)),
                           request.subspan(kIdBytes + sizeof(SymSession), sizeof(Keys)), limits, storage);
  const auto id = parsed ? device_.create_session(*parsed)
                         : crypto::Expected<std::uint64_t, RequestStatus>(Refused(parsed.error()));
  if (!id)
    device_.log().write(spdlog::level::info, "{}: CREATE_CRYPTO_SESSION: {}", device_.name(),
                        name_of(id.error()));
  const std::int64_t number = id_or_error(id);
  const std::size_t offset = has_both ? request.size() - kIdBytes : 0;
  std::memcpy(answer.data() + offset, &number, sizeof number);
  return true;
}

}  // namespace virtcrypt::devices::crypto_dev
