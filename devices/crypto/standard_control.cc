#include "virtcrypt/devices/crypto/standard_control.h"

#include <optional>
#include <utility>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/standard_fixed_part.h"
#include "virtcrypt/devices/crypto/standard_parameters.h"
#include "virtcrypt/devices/crypto/wire_standard.h"

namespace virtcrypt::devices::crypto_dev::standard {
namespace {

using crypto::Service;
using Action = decltype(ControlRequest::action);

// How the answer to a control request looks (ControlRequest::answer_form).
enum AnswerForm : std::uint8_t {
  kAnswerNone,     // the writable part has no room for it
  kAnswerCreate,   // CreateSessionAnswer
  kAnswerDestroy,  // one status byte
};

struct ControlOperation {
  std::uint32_t opcode;
  Service service;
  AnswerForm answer;
};
constexpr ControlOperation kControlOperations[] = {
    {VIRTIO_CRYPTO_CIPHER_CREATE_SESSION, Service::kCipher, kAnswerCreate},
    {VIRTIO_CRYPTO_CIPHER_DESTROY_SESSION, Service::kCipher, kAnswerDestroy},
    {VIRTIO_CRYPTO_HASH_CREATE_SESSION, Service::kHash, kAnswerCreate},
    {VIRTIO_CRYPTO_HASH_DESTROY_SESSION, Service::kHash, kAnswerDestroy},
    {VIRTIO_CRYPTO_MAC_CREATE_SESSION, Service::kMac, kAnswerCreate},
    {VIRTIO_CRYPTO_MAC_DESTROY_SESSION, Service::kMac, kAnswerDestroy},
    {VIRTIO_CRYPTO_AEAD_CREATE_SESSION, Service::kAead, kAnswerCreate},
    {VIRTIO_CRYPTO_AEAD_DESTROY_SESSION, Service::kAead, kAnswerDestroy},
    {VIRTIO_CRYPTO_AKCIPHER_CREATE_SESSION, Service::kAkcipher, kAnswerCreate},
    {VIRTIO_CRYPTO_AKCIPHER_DESTROY_SESSION, Service::kAkcipher, kAnswerDestroy},
};

const ControlOperation* find_operation(std::optional<std::uint32_t> opcode) {
  for (const ControlOperation& row : kControlOperations) {
    if (row.opcode == opcode) return &row;
  }
  return nullptr;
}

// where the opcode does not tell, the room decides between the two forms.
AnswerForm form_of_answer(const ControlOperation* operation, std::uint64_t room) {
  const bool has_room_to_create = room >= sizeof(wire::CreateSessionAnswer);
  if (operation == nullptr)
    return has_room_to_create ? kAnswerCreate : room >= 1 ? kAnswerDestroy : kAnswerNone;
  const bool has_room = operation->answer == kAnswerCreate ? has_room_to_create : room >= 1;
  return has_room ? operation->answer : kAnswerNone;
}

// Reads fixed parts and keys of one request.
class Parser {
 public:
  Parser(virtio::ReadCursor& reader, const Terms& terms) : reader_(reader), terms_(terms) {}

  [[nodiscard]] Action create(Service service) {
    Parsed parsed = parse_create(service);
    if (!parsed) return parsed.error();
    return CreateSession{.parameters = *parsed, .key = std::move(key_)};
  }

  // an id of another service is refused with the sessions.
  [[nodiscard]] Action destroy(Service service) {
    const auto fixed = read_fixed<wire::DestroySession>();
    if (!fixed) return RequestStatus::kError;
    return DestroySession{.id = fixed->session_id, .service = service};
  }

 private:
  using Refused = crypto::Unexpected<RequestStatus>;

  template <typename Fixed>
  [[nodiscard]] std::optional<Fixed> read_fixed() {
    return read_padded<Fixed>(reader_, has_revision_1(terms_) ? sizeof(Fixed) : wire::kControlFixedBytes);
  }

  [[nodiscard]] Parsed parse_create(Service service) {
    switch (service) {
      case Service::kCipher:
        return symmetric();
      case Service::kHash:
        return hash();
      case Service::kMac:
        return mac();
      case Service::kAead:
        return aead();
      case Service::kAkcipher:
        return akcipher();
      case Service::kChain:
        break;
    }
    return Refused(RequestStatus::kNotSupported);
  }

  [[nodiscard]] Parsed symmetric() {
    const auto fixed = read_fixed<wire::SymCreateSession>();
    if (!fixed) return Refused(RequestStatus::kError);
    switch (fixed->op_type) {
      case VIRTIO_CRYPTO_SYM_OP_CIPHER:
        return cipher_parameters(fields_of(structure_in<wire::CipherSession>(fixed->op_flf)), terms_.limits,
                                 reader_, key_);
      case VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING:
        return chain(structure_in<wire::ChainSession>(fixed->op_flf));
      default:
        return Refused(RequestStatus::kNotSupported);
    }
  }

  [[nodiscard]] Parsed chain(const wire::ChainSession& fixed) {
    // The MAC's fields begin like the hash's; what lies behind those is ignored for a plain hash.
    const auto mac = structure_in<wire::MacSession>(fixed.algo_flf);
    const ChainFields fields{.alg_chain_order = fixed.alg_chain_order,
                             .hash_mode = fixed.hash_mode,
                             .cipher = fields_of(fixed.cipher),
                             .hash_algo = mac.algo,
                             .hash_result_len = mac.hash_result_len,
                             .auth_key_len = mac.auth_key_len};
    return chain_parameters(fields, terms_.limits, reader_, key_);
  }

  [[nodiscard]] Parsed hash() {
    const auto fixed = read_fixed<wire::HashSession>();
    if (!fixed) return Refused(RequestStatus::kError);
    return hash_parameters(fixed->algo, fixed->hash_result_len);
  }

  [[nodiscard]] Parsed mac() {
    const auto fixed = read_fixed<wire::MacSession>();
    if (!fixed) return Refused(RequestStatus::kError);
    return mac_parameters(fixed->algo, fixed->hash_result_len, fixed->auth_key_len, terms_.limits, reader_,
                          key_);
  }

  [[nodiscard]] Parsed aead() {
    const auto fixed = read_fixed<wire::AeadSession>();
    if (!fixed) return Refused(RequestStatus::kError);
    return aead_parameters(fixed->algo, fixed->op, fixed->tag_len, fixed->key_len, terms_.limits, reader_,
                           key_);
  }

  [[nodiscard]] Parsed akcipher() {
    const auto fixed = read_fixed<wire::AkcipherSession>();
    if (!fixed) return Refused(RequestStatus::kError);
    return akcipher_parameters(fixed->algo, fixed->key_type, fixed->key_len, fixed->kind, terms_.limits,
                               reader_, key_);
  }

  [[nodiscard]] static CipherFields fields_of(const wire::CipherSession& cipher) {
    return {.algo = cipher.algo, .key_len = cipher.key_len, .op = cipher.op};
  }

  virtio::ReadCursor& reader_;
  const Terms& terms_;
  crypto::SecureBuffer key_;
};

}  // namespace

ControlRequest parse_control(const virtio::DescriptorChain& chain, const Terms& terms) {
  ControlRequest request;
  virtio::ReadCursor reader = chain.reader();
  const auto header = reader.read_object<wire::ControlHeader>();
  const auto opcode = header ? std::optional<std::uint32_t>(header->opcode) : std::nullopt;
  const ControlOperation* operation = find_operation(opcode);
  request.answer_form = form_of_answer(operation, chain.writable_bytes());
  // Without room for the answer nobody could learn of the outcome: nothing is done.
  if (!opcode || request.answer_form == kAnswerNone) return request;
  if (operation == nullptr) {
    request.action = RequestStatus::kNotSupported;
    return request;
  }
  Parser parser(reader, terms);
  request.action = operation->answer == kAnswerCreate ? parser.create(operation->service)
                                                      : parser.destroy(operation->service);
  return request;
}

std::uint32_t write_control_answer(const ControlRequest& request, std::uint8_t wire_status,
                                   std::uint64_t session_id, const virtio::DescriptorChain& chain) {
  virtio::WriteCursor cursor = chain.writer();
  switch (request.answer_form) {
    case kAnswerCreate: {
      const wire::CreateSessionAnswer outcome{.session_id = session_id, .status = wire_status, .padding = 0};
      if (!cursor.write_object(outcome)) return 0;
      return sizeof outcome;
    }
    case kAnswerDestroy:
      return cursor.write_object(wire_status) ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace virtcrypt::devices::crypto_dev::standard
