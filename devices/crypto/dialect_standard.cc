// The standard dialect (VIRTIO 1.4, 5.9), without VIRTIO_CRYPTO_F_REVISION_1. Where the specification leaves
// room, the decisions are listed in docs/device.md under the A-nn numbers cited here.

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/wire_standard.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

using crypto::CipherAlgorithm;
using crypto::Direction;
using crypto::HashAlgorithm;
using crypto::OperationKind;
using crypto::Service;

// Numbers on the wire, which are also the bit numbers of the masks in config space.
template <typename Name>
struct Number {
  std::uint32_t wire;
  Name name;
};

constexpr Number<CipherAlgorithm> kCipherNumbers[] = {
    {VIRTIO_CRYPTO_CIPHER_AES_ECB, CipherAlgorithm::kAesEcb},
    {VIRTIO_CRYPTO_CIPHER_AES_CBC, CipherAlgorithm::kAesCbc},
    {VIRTIO_CRYPTO_CIPHER_AES_CTR, CipherAlgorithm::kAesCtr},
};
constexpr Number<crypto::AkcipherAlgorithm> kAkcipherNumbers[] = {
    {VIRTIO_CRYPTO_AKCIPHER_RSA, crypto::AkcipherAlgorithm::kRsa},
};
constexpr Number<HashAlgorithm> kRsaHashNumbers[] = {
    {VIRTIO_CRYPTO_RSA_NO_HASH, HashAlgorithm::kNone},  {VIRTIO_CRYPTO_RSA_SHA1, HashAlgorithm::kSha1},
    {VIRTIO_CRYPTO_RSA_SHA224, HashAlgorithm::kSha224}, {VIRTIO_CRYPTO_RSA_SHA256, HashAlgorithm::kSha256},
    {VIRTIO_CRYPTO_RSA_SHA384, HashAlgorithm::kSha384}, {VIRTIO_CRYPTO_RSA_SHA512, HashAlgorithm::kSha512},
};
constexpr Number<crypto::RsaPadding> kRsaPaddingNumbers[] = {
    {VIRTIO_CRYPTO_RSA_RAW_PADDING, crypto::RsaPadding::kRaw},
    {VIRTIO_CRYPTO_RSA_PKCS1_PADDING, crypto::RsaPadding::kPkcs1},
};
constexpr Number<crypto::KeyType> kKeyTypeNumbers[] = {
    {VIRTIO_CRYPTO_AKCIPHER_KEY_TYPE_PUBLIC, crypto::KeyType::kPublic},
    {VIRTIO_CRYPTO_AKCIPHER_KEY_TYPE_PRIVATE, crypto::KeyType::kPrivate},
};
constexpr Number<Direction> kDirectionNumbers[] = {
    {VIRTIO_CRYPTO_OP_ENCRYPT, Direction::kEncrypt},
    {VIRTIO_CRYPTO_OP_DECRYPT, Direction::kDecrypt},
};

template <typename Name, std::size_t count>
std::optional<Name> name_of_number(const Number<Name> (&numbers)[count], std::uint32_t wire) {
  for (const Number<Name>& number : numbers) {
    if (number.wire == wire) return number.name;
  }
  return std::nullopt;
}

// Bit mask of those numbers whose algorithm stands in a capability table.
template <typename Name, std::size_t count, typename Capability>
std::uint32_t mask_of(const Number<Name> (&numbers)[count], const std::vector<Capability>& capabilities) {
  std::uint32_t mask = 0;
  for (const Number<Name>& number : numbers) {
    if (std::any_of(capabilities.begin(), capabilities.end(),
                    [&](const Capability& row) { return row.algorithm == number.name; })) {
      mask |= std::uint32_t{1} << number.wire;
    }
  }
  return mask;
}

struct DataOperation {
  std::uint32_t opcode;
  Service service;
  OperationKind kind;
};
constexpr DataOperation kDataOperations[] = {
    {VIRTIO_CRYPTO_CIPHER_ENCRYPT, Service::kCipher, OperationKind::kEncrypt},
    {VIRTIO_CRYPTO_CIPHER_DECRYPT, Service::kCipher, OperationKind::kDecrypt},
    {VIRTIO_CRYPTO_AKCIPHER_ENCRYPT, Service::kAkcipher, OperationKind::kEncrypt},
    {VIRTIO_CRYPTO_AKCIPHER_DECRYPT, Service::kAkcipher, OperationKind::kDecrypt},
    {VIRTIO_CRYPTO_AKCIPHER_SIGN, Service::kAkcipher, OperationKind::kSign},
    {VIRTIO_CRYPTO_AKCIPHER_VERIFY, Service::kAkcipher, OperationKind::kVerify},
};

// The longest digest that a verify request can carry (SHA-512); with no hash named, anything up to a modulus
// of 8192 bits can be a "digest".
constexpr std::uint32_t kMaxDigestBytes = 1024;

// How the answer to a control request looks (ControlRequest::answer_form).
enum AnswerForm : std::uint8_t {
  kAnswerNone,     // the writable part has no room for it
  kAnswerCreate,   // CreateSessionAnswer
  kAnswerDestroy,  // one status byte
};

std::uint8_t wire_status(RequestStatus status) {
  switch (status) {
    case RequestStatus::kOk:
      return VIRTIO_CRYPTO_OK;
    case RequestStatus::kError:
      return VIRTIO_CRYPTO_ERR;
    case RequestStatus::kNotSupported:
      return VIRTIO_CRYPTO_NOTSUPP;
    case RequestStatus::kBadMessage:
      return VIRTIO_CRYPTO_BADMSG;
    case RequestStatus::kInvalidSession:
      return VIRTIO_CRYPTO_INVSESS;
    case RequestStatus::kNoSpace:
      return VIRTIO_CRYPTO_ERR;  // NOSPC needs REVISION_1
    case RequestStatus::kKeyRejected:
      return VIRTIO_CRYPTO_KEY_REJECTED;
  }
  return VIRTIO_CRYPTO_ERR;
}

using Action = decltype(ControlRequest::action);

// Reads a key of `key_bytes` from the cursor into `session` and points the parameters at it.
template <typename Parameters>
Action with_key(virtio::ReadCursor& cursor, std::uint32_t key_bytes, Parameters parameters) {
  CreateSession session{.parameters = {}, .key = crypto::SecureBuffer(key_bytes)};
  if (!cursor.read(session.key.bytes())) return RequestStatus::kError;
  parameters.key = std::as_const(session.key).bytes();
  session.parameters = parameters;
  return session;
}

// 5.9.9.2.1: CIPHER create session.
Action parse_cipher_create(virtio::ReadCursor& cursor, const Limits& limits) {
  const auto fixed = cursor.read_object<wire::SymCreateSession>();
  if (!fixed) return RequestStatus::kError;
  if (fixed->op_type != VIRTIO_CRYPTO_SYM_OP_CIPHER) return RequestStatus::kNotSupported;
  const auto algorithm = name_of_number(kCipherNumbers, fixed->cipher.algo);
  if (!algorithm) return RequestStatus::kNotSupported;
  const auto direction = name_of_number(kDirectionNumbers, fixed->cipher.op);
  if (!direction || fixed->cipher.key_len > limits.max_cipher_key_bytes) return RequestStatus::kError;
  return with_key(cursor, fixed->cipher.key_len,
                  crypto::CipherParameters{.algorithm = *algorithm, .direction = *direction, .key = {}});
}

// 5.9.9.2.1: AKCIPHER create session.
Action parse_akcipher_create(virtio::ReadCursor& cursor, const Limits& limits) {
  const auto fixed = cursor.read_object<wire::AkcipherCreateSession>();
  if (!fixed) return RequestStatus::kError;
  if (!name_of_number(kAkcipherNumbers, fixed->algo)) return RequestStatus::kNotSupported;
  const auto padding = name_of_number(kRsaPaddingNumbers, fixed->rsa_padding_algo);
  if (!padding) return RequestStatus::kNotSupported;
  // Raw RSA has no use for a hash: whatever stands there is ignored.
  const auto hash = *padding == crypto::RsaPadding::kRaw
                        ? HashAlgorithm::kNone
                        : name_of_number(kRsaHashNumbers, fixed->rsa_hash_algo);
  if (!hash) return RequestStatus::kNotSupported;
  const auto key_type = name_of_number(kKeyTypeNumbers, fixed->key_type);
  if (!key_type || fixed->key_len > limits.max_akcipher_key_bytes) return RequestStatus::kError;
  return with_key(
      cursor, fixed->key_len,
      crypto::RsaParameters{.key_type = *key_type, .padding = *padding, .hash = *hash, .key = {}});
}

Action parse_destroy(virtio::ReadCursor& cursor, Service service) {
  const auto fixed = cursor.read_object<wire::DestroySession>();
  if (!fixed) return RequestStatus::kError;
  return DestroySession{.id = fixed->session_id, .service = service};
}

// where the opcode does not tell, the room decides between the two forms.
AnswerForm form_of_control_answer(std::optional<std::uint32_t> opcode, std::uint64_t room) {
  constexpr std::uint64_t kCreateBytes = sizeof(wire::CreateSessionAnswer);
  switch (opcode.value_or(UINT32_MAX)) {
    case VIRTIO_CRYPTO_CIPHER_CREATE_SESSION:
    case VIRTIO_CRYPTO_HASH_CREATE_SESSION:
    case VIRTIO_CRYPTO_MAC_CREATE_SESSION:
    case VIRTIO_CRYPTO_AEAD_CREATE_SESSION:
    case VIRTIO_CRYPTO_AKCIPHER_CREATE_SESSION:
      return room >= kCreateBytes ? kAnswerCreate : kAnswerNone;
    case VIRTIO_CRYPTO_CIPHER_DESTROY_SESSION:
    case VIRTIO_CRYPTO_HASH_DESTROY_SESSION:
    case VIRTIO_CRYPTO_MAC_DESTROY_SESSION:
    case VIRTIO_CRYPTO_AEAD_DESTROY_SESSION:
    case VIRTIO_CRYPTO_AKCIPHER_DESTROY_SESSION:
      return room >= 1 ? kAnswerDestroy : kAnswerNone;
    default:
      return room >= kCreateBytes ? kAnswerCreate : room >= 1 ? kAnswerDestroy : kAnswerNone;
  }
}

Action parse_control_action(std::uint32_t opcode, virtio::ReadCursor& cursor, const Limits& limits) {
  switch (opcode) {
    case VIRTIO_CRYPTO_CIPHER_CREATE_SESSION:
      return parse_cipher_create(cursor, limits);
    case VIRTIO_CRYPTO_AKCIPHER_CREATE_SESSION:
      return parse_akcipher_create(cursor, limits);
    case VIRTIO_CRYPTO_CIPHER_DESTROY_SESSION:
      return parse_destroy(cursor, Service::kCipher);
    case VIRTIO_CRYPTO_AKCIPHER_DESTROY_SESSION:
      return parse_destroy(cursor, Service::kAkcipher);
    // destroy answers OK or ERR only, and no session of these services exists.
    case VIRTIO_CRYPTO_HASH_DESTROY_SESSION:
    case VIRTIO_CRYPTO_MAC_DESTROY_SESSION:
    case VIRTIO_CRYPTO_AEAD_DESTROY_SESSION:
      return RequestStatus::kError;
    default:
      return RequestStatus::kNotSupported;
  }
}

// 5.9.9.6: CIPHER request. Readable: iv, source. Writable: destination.
RequestStatus parse_cipher(virtio::ReadCursor& reader, virtio::WriteCursor& writer, const Limits& limits,
                           DataRequest& request) {
  const auto fixed = reader.read_object<wire::SymData>();
  if (!fixed) return RequestStatus::kError;
  if (fixed->op_type != VIRTIO_CRYPTO_SYM_OP_CIPHER) return RequestStatus::kNotSupported;
  const std::uint64_t iv_bytes = fixed->iv_len;
  const std::uint64_t source_bytes = fixed->src_data_len;
  const std::uint64_t destination_bytes = fixed->dst_data_len;
  request.result_room = destination_bytes;
  // max_size bounds all variable-length fields together. A-25: the destination holds the whole result.
  if (iv_bytes + source_bytes + destination_bytes > limits.max_size) return RequestStatus::kError;
  if (iv_bytes > request.iv.size() || destination_bytes < source_bytes) return RequestStatus::kError;
  request.iv_bytes = iv_bytes;
  request.source_bytes = source_bytes;
  if (!reader.read(std::span(request.iv).first(iv_bytes)) || !reader.take(source_bytes, request.input) ||
      !writer.take(destination_bytes, request.output)) {
    return RequestStatus::kError;
  }
  return RequestStatus::kOk;
}

// 5.9.9.8: AKCIPHER request. Readable: source, and for verify the digest behind it. Writable:
// destination.
RequestStatus parse_akcipher(virtio::ReadCursor& reader, virtio::WriteCursor& writer, const Limits& limits,
                             DataRequest& request) {
  const auto fixed = reader.read_object<wire::AkcipherData>();
  if (!fixed) return RequestStatus::kError;
  const std::uint64_t source_bytes = fixed->src_data_len;
  const std::uint64_t destination_bytes = fixed->dst_data_len;
  const bool verify = request.kind == OperationKind::kVerify;
  if (!verify) request.result_room = destination_bytes;
  if (source_bytes + destination_bytes > limits.max_size) return RequestStatus::kError;
  request.source_bytes = source_bytes;
  if (!reader.take(source_bytes, request.input)) return RequestStatus::kError;
  if (!verify)
    return writer.take(destination_bytes, request.output) ? RequestStatus::kOk : RequestStatus::kError;

  if (destination_bytes > kMaxDigestBytes) return RequestStatus::kError;
  request.digest.resize(destination_bytes);
  return reader.read(request.digest) ? RequestStatus::kOk : RequestStatus::kError;
}

class StandardDialect final : public Dialect {
 public:
  [[nodiscard]] virtio::FeatureSet offered_features() const override { return {}; }
  [[nodiscard]] bool accepts(virtio::FeatureSet) const override { return true; }

  [[nodiscard]] std::vector<std::byte> config_space(bool ready, const crypto::Engine& engine,
                                                    const Limits& limits) const override;
  [[nodiscard]] ControlRequest parse_control(const virtio::DescriptorChain& chain,
                                             const Limits& limits) const override;
  [[nodiscard]] std::uint32_t write_control_answer(const ControlRequest& request, const ControlAnswer& answer,
                                                   const virtio::DescriptorChain& chain) const override;
  void parse_data(const virtio::DescriptorChain& chain, const Limits& limits,
                  DataRequest& request) const override;
  [[nodiscard]] std::uint32_t write_data_answer(const DataRequest& request, RequestStatus status,
                                                std::size_t result_bytes,
                                                const virtio::DescriptorChain& chain) const override;

 private:
  [[nodiscard]] static RequestStatus parse_request(const virtio::DescriptorChain& chain, const Limits& limits,
                                                   DataRequest& request);
};

// 5.9.5.1: what is offered is what the engine has.
std::vector<std::byte> StandardDialect::config_space(bool ready, const crypto::Engine& engine,
                                                     const Limits& limits) const {
  wire::Config config{};
  config.status = ready ? VIRTIO_CRYPTO_S_HW_READY : 0;
  config.max_dataqueues = limits.data_queues;
  const std::uint32_t ciphers = mask_of(kCipherNumbers, engine.capabilities().ciphers);
  const std::uint32_t akciphers = mask_of(kAkcipherNumbers, engine.capabilities().akciphers);
  config.crypto_services = (ciphers != 0 ? 1U << VIRTIO_CRYPTO_SERVICE_CIPHER : 0U) |
                           (akciphers != 0 ? 1U << VIRTIO_CRYPTO_SERVICE_AKCIPHER : 0U);
  config.cipher_algo_l = ciphers;
  config.akcipher_algo = akciphers;
  config.max_cipher_key_len = limits.max_cipher_key_bytes;
  config.max_size = limits.max_size;
  const auto bytes = std::as_bytes(std::span(&config, 1));
  return {bytes.begin(), bytes.end()};
}

ControlRequest StandardDialect::parse_control(const virtio::DescriptorChain& chain,
                                              const Limits& limits) const {
  ControlRequest request;
  virtio::ReadCursor cursor = chain.reader();
  const auto header = cursor.read_object<wire::ControlHeader>();
  const auto opcode = header ? std::optional<std::uint32_t>(header->opcode) : std::nullopt;
  request.answer_form = form_of_control_answer(opcode, chain.writable_bytes());
  // Without room for the answer nobody could learn of the outcome: nothing is done.
  if (opcode && request.answer_form != kAnswerNone)
    request.action = parse_control_action(*opcode, cursor, limits);
  return request;
}

std::uint32_t StandardDialect::write_control_answer(const ControlRequest& request,
                                                    const ControlAnswer& answer,
                                                    const virtio::DescriptorChain& chain) const {
  virtio::WriteCursor cursor = chain.writer();
  const std::uint8_t status = wire_status(answer.status);
  switch (request.answer_form) {
    case kAnswerCreate: {
      const wire::CreateSessionAnswer outcome{
          .session_id = answer.session_id, .status = status, .padding = 0};
      if (!cursor.write_object(outcome)) return 0;
      return sizeof outcome;
    }
    case kAnswerDestroy:
      return cursor.write_object(status) ? 1 : 0;
    default:
      return 0;
  }
}

void StandardDialect::parse_data(const virtio::DescriptorChain& chain, const Limits& limits,
                                 DataRequest& request) const {
  request.input.clear();
  request.output.clear();
  request.digest.clear();
  request.iv_bytes = 0;
  request.result_room = 0;
  request.service = Service::kCipher;
  request.status = parse_request(chain, limits, request);
}

RequestStatus StandardDialect::parse_request(const virtio::DescriptorChain& chain, const Limits& limits,
                                             DataRequest& request) {
  virtio::ReadCursor reader = chain.reader();
  const auto header = reader.read_object<wire::DataHeader>();
  if (!header) return RequestStatus::kError;
  const auto* operation =
      std::find_if(std::begin(kDataOperations), std::end(kDataOperations),
                   [&](const DataOperation& row) { return row.opcode == header->opcode; });
  if (operation == std::end(kDataOperations)) return RequestStatus::kNotSupported;
  if (chain.writable_bytes() == 0) return RequestStatus::kError;  // no room for the status
  request.session_id = header->session_id;
  request.service = operation->service;
  request.kind = operation->kind;

  // the last writable byte is the status; what the result may use lies before it.
  virtio::WriteCursor writer = chain.writer();
  writer.drop_last(1);
  return request.service == Service::kCipher ? parse_cipher(reader, writer, limits, request)
                                             : parse_akcipher(reader, writer, limits, request);
}

// result room, possibly a gap that the driver did not announce, status as the last byte. Linux
// hands whole scatterlist entries over, so a gap can be memory that somebody uses: it is left alone. The used
// length counts what was written without interruption from the first byte on, and with no gap that includes
// the status.
std::uint32_t StandardDialect::write_data_answer(const DataRequest& request, RequestStatus status,
                                                 std::size_t result_bytes,
                                                 const virtio::DescriptorChain& chain) const {
  const std::uint64_t writable = chain.writable_bytes();
  if (writable == 0) return 0;
  const bool ok = status == RequestStatus::kOk;
  const std::uint64_t before_status = writable - 1;
  const std::uint64_t result = ok ? result_bytes : 0;
  std::uint64_t room = std::min(request.result_room, before_status);
  // The used length of AKCIPHER is the result's plus one (5.9.9.8), and an error of a request that could not
  // be read should not look like an answer without a status: both may need one byte more.
  const bool akcipher = request.service == Service::kAkcipher;
  const bool one_more = room == result && room < before_status && (akcipher || !ok);
  if (one_more) ++room;

  virtio::WriteCursor cursor = chain.writer();
  cursor.skip(result);
  cursor.fill_zero(room - result);
  cursor.skip(before_status - room);
  if (!cursor.write_object(wire_status(status))) return 0;
  if (akcipher) return static_cast<std::uint32_t>(result + 1);
  return static_cast<std::uint32_t>(room == before_status ? writable : room);
}

}  // namespace

const Dialect& standard_dialect() {
  static const StandardDialect dialect;
  return dialect;
}

}  // namespace virtcrypt::devices::crypto_dev
