#include "virtcrypt/devices/crypto/standard_data.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/standard_fixed_part.h"
#include "virtcrypt/devices/crypto/standard_parameters.h"
#include "virtcrypt/devices/crypto/wire_standard.h"

namespace virtcrypt::devices::crypto_dev::standard {
namespace {

using crypto::OperationKind;
using crypto::Service;

struct DataOperation {
  std::uint32_t opcode;
  Service service;
  OperationKind kind;
  unsigned stateless_feature;
};
constexpr DataOperation kDataOperations[] = {
    {VIRTIO_CRYPTO_CIPHER_ENCRYPT, Service::kCipher, OperationKind::kEncrypt, wire::kFeatureCipherStateless},
    {VIRTIO_CRYPTO_CIPHER_DECRYPT, Service::kCipher, OperationKind::kDecrypt, wire::kFeatureCipherStateless},
    {VIRTIO_CRYPTO_HASH, Service::kHash, OperationKind::kDigest, wire::kFeatureHashStateless},
    {VIRTIO_CRYPTO_MAC, Service::kMac, OperationKind::kDigest, wire::kFeatureMacStateless},
    {VIRTIO_CRYPTO_AEAD_ENCRYPT, Service::kAead, OperationKind::kEncrypt, wire::kFeatureAeadStateless},
    {VIRTIO_CRYPTO_AEAD_DECRYPT, Service::kAead, OperationKind::kDecrypt, wire::kFeatureAeadStateless},
    {VIRTIO_CRYPTO_AKCIPHER_ENCRYPT, Service::kAkcipher, OperationKind::kEncrypt,
     wire::kFeatureAkcipherStateless},
    {VIRTIO_CRYPTO_AKCIPHER_DECRYPT, Service::kAkcipher, OperationKind::kDecrypt,
     wire::kFeatureAkcipherStateless},
    {VIRTIO_CRYPTO_AKCIPHER_SIGN, Service::kAkcipher, OperationKind::kSign, wire::kFeatureAkcipherStateless},
    {VIRTIO_CRYPTO_AKCIPHER_VERIFY, Service::kAkcipher, OperationKind::kVerify,
     wire::kFeatureAkcipherStateless},
};

const DataOperation* find_operation(std::uint32_t opcode) {
  const auto* const row = std::find_if(std::begin(kDataOperations), std::end(kDataOperations),
                                       [opcode](const DataOperation& each) { return each.opcode == opcode; });
  return row == std::end(kDataOperations) ? nullptr : row;
}

// The longest digest that a verify request can carry (SHA-512); with no hash named, anything up to a modulus
// of 8192 bits can be a "digest".
constexpr std::uint32_t kMaxDigestBytes = 1024;

// Reads the fixed and variable parts of one request. Every step returns false when the request is to be
// refused; status() says with what.
class Parser {
 public:
  Parser(virtio::ReadCursor& reader, virtio::WriteCursor& writer, const Terms& terms, DataRequest& request)
      : reader_(reader), writer_(writer), terms_(terms), request_(request) {}

  [[nodiscard]] RequestStatus parse();

 private:
  [[nodiscard]] bool symmetric();
  [[nodiscard]] bool symmetric_stateless();
  [[nodiscard]] bool cipher(const wire::CipherData& data, const CipherFields* own);
  [[nodiscard]] bool chain(const wire::ChainData& data);
  [[nodiscard]] bool chain_stateless(const wire::ChainDataStateless& fixed);
  [[nodiscard]] bool chain_room(const wire::ChainData& data, std::uint64_t key_bytes);
  [[nodiscard]] bool hash();
  [[nodiscard]] bool hash_stateless();
  [[nodiscard]] bool mac_stateless();
  [[nodiscard]] bool digest_room(std::uint32_t key_bytes, std::uint32_t src_data_len,
                                 std::uint32_t hash_result_len);
  [[nodiscard]] bool aead();
  [[nodiscard]] bool aead_stateless();
  [[nodiscard]] bool aead_room(const wire::AeadData& data, std::uint64_t key_bytes);
  [[nodiscard]] bool aead_text(const wire::AeadData& data);
  [[nodiscard]] bool akcipher();
  [[nodiscard]] bool akcipher_stateless();
  [[nodiscard]] bool akcipher_room(const wire::AkcipherData& data, std::uint64_t key_bytes);
  [[nodiscard]] bool akcipher_text(const wire::AkcipherData& data);

  template <typename Fixed>
  [[nodiscard]] std::optional<Fixed> read_session_part() {
    return read_padded<Fixed>(reader_, has_revision_1(terms_) ? sizeof(Fixed) : wire::kDataFixedBytes);
  }

  // max_size bounds all variable-length fields together.
  template <typename... Lengths>
  [[nodiscard]] bool within_max_size(Lengths... lengths) const {
    return (std::uint64_t{lengths} + ...) <= terms_.limits.max_size;
  }
  [[nodiscard]] bool use(Parsed parsed) {
    if (!parsed) return refuse(parsed.error());
    request_.parameters = *parsed;
    return true;
  }
  [[nodiscard]] bool read_iv(std::uint64_t bytes) {
    if (bytes > request_.iv.size()) return false;
    request_.iv_bytes = bytes;
    return reader_.read(std::span(request_.iv).first(bytes));
  }
  [[nodiscard]] bool refuse(RequestStatus status) {
    status_ = status;
    return false;
  }

  virtio::ReadCursor& reader_;
  virtio::WriteCursor& writer_;
  const Terms& terms_;
  DataRequest& request_;
  RequestStatus status_ = RequestStatus::kError;
};

RequestStatus Parser::parse() {
  bool parsed = false;
  switch (request_.service) {
    case Service::kCipher:
    case Service::kChain:
      parsed = request_.stateless ? symmetric_stateless() : symmetric();
      break;
    case Service::kHash:
      parsed = request_.stateless ? hash_stateless() : hash();
      break;
    case Service::kMac:
      parsed = request_.stateless ? mac_stateless() : hash();
      break;
    case Service::kAead:
      parsed = request_.stateless ? aead_stateless() : aead();
      break;
    case Service::kAkcipher:
      parsed = request_.stateless ? akcipher_stateless() : akcipher();
      break;
  }
  return parsed ? RequestStatus::kOk : status_;
}

// 5.9.9.6
bool Parser::symmetric() {
  const auto fixed = read_session_part<wire::SymData>();
  if (!fixed) return false;
  switch (fixed->op_type) {
    case VIRTIO_CRYPTO_SYM_OP_CIPHER:
      return cipher(structure_in<wire::CipherData>(fixed->op_type_flf), nullptr);
    case VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING:
      request_.service = Service::kChain;
      return chain(structure_in<wire::ChainData>(fixed->op_type_flf));
    default:
      return refuse(RequestStatus::kNotSupported);
  }
}

bool Parser::symmetric_stateless() {
  const auto fixed = reader_.read_object<wire::SymDataStateless>();
  if (!fixed) return false;
  switch (fixed->op_type) {
    case VIRTIO_CRYPTO_SYM_OP_CIPHER: {
      const auto own = structure_in<wire::CipherDataStateless>(fixed->op_type_flf);
      const CipherFields fields{.algo = own.algo, .key_len = own.key_len, .op = own.op};
      return cipher(own.data, &fields);
    }
    case VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING:
      request_.service = Service::kChain;
      return chain_stateless(structure_in<wire::ChainDataStateless>(fixed->op_type_flf));
    default:
      return refuse(RequestStatus::kNotSupported);
  }
}

// Readable: [key,] iv, source. Writable: destination. A-25: the destination holds the whole result.
bool Parser::cipher(const wire::CipherData& data, const CipherFields* own) {
  const std::uint64_t source_bytes = data.src_data_len;
  const std::uint64_t destination_bytes = data.dst_data_len;
  const std::uint64_t key_bytes = own != nullptr ? own->key_len : 0;
  request_.result_room = destination_bytes;
  request_.source_bytes = source_bytes;
  if (!within_max_size(key_bytes, data.iv_len, source_bytes, destination_bytes)) return false;
  if (own != nullptr && !use(cipher_parameters(*own, terms_.limits, reader_, request_.key))) return false;
  return destination_bytes >= source_bytes && read_iv(data.iv_len) &&
         reader_.take(source_bytes, request_.input) && writer_.take(destination_bytes, request_.output);
}

// What both modes of a chain have in common, before their readable parts differ.
bool Parser::chain_room(const wire::ChainData& data, std::uint64_t key_bytes) {
  const std::uint64_t source_bytes = data.src_data_len;
  const std::uint64_t destination_bytes = data.dst_data_len;
  const std::uint64_t result_bytes = data.hash_result_len;
  request_.result_room = destination_bytes + result_bytes;
  request_.source_bytes = source_bytes;
  request_.ranges = {.cipher_offset = data.cipher_start_src_offset,
                     .cipher_bytes = data.len_to_cipher,
                     .hash_offset = data.hash_start_src_offset,
                     .hash_bytes = data.len_to_hash};
  return within_max_size(key_bytes, data.iv_len, source_bytes, data.aad_len, destination_bytes,
                         result_bytes) &&
         destination_bytes >= source_bytes && writer_.take(destination_bytes, request_.output) &&
         writer_.take(result_bytes, request_.digest_output);
}

// with a session the additional data follows the source.
bool Parser::chain(const wire::ChainData& data) {
  return chain_room(data, 0) && read_iv(data.iv_len) && reader_.take(data.src_data_len, request_.input) &&
         reader_.take(data.aad_len, request_.aad);
}

// without a session the additional data comes before the source. Its length stands in two places,
// which have to agree.
bool Parser::chain_stateless(const wire::ChainDataStateless& fixed) {
  const ChainFields fields{
      .alg_chain_order = fixed.alg_chain_order,
      .hash_mode = fixed.hash_mode,
      .cipher = {.algo = fixed.cipher_algo, .key_len = fixed.cipher_key_len, .op = fixed.cipher_op},
      .hash_algo = fixed.hash_algo,
      .hash_result_len = fixed.data.hash_result_len,
      .auth_key_len = fixed.auth_key_len};
  const bool is_mac = fields.hash_mode == VIRTIO_CRYPTO_SYM_HASH_MODE_AUTH;
  const std::uint64_t key_bytes = std::uint64_t{fields.cipher.key_len} + (is_mac ? fields.auth_key_len : 0);
  return chain_room(fixed.data, key_bytes) && fixed.aad_len == fixed.data.aad_len &&
         use(chain_parameters(fields, terms_.limits, reader_, request_.key)) && read_iv(fixed.data.iv_len) &&
         reader_.take(fixed.data.aad_len, request_.aad) &&
         reader_.take(fixed.data.src_data_len, request_.input);
}

// 5.9.9.4 and 5.9.9.5, whose session mode is the same. Readable: source. Writable: digest.
bool Parser::hash() {
  const auto fixed = read_session_part<wire::HashData>();
  return fixed && digest_room(0, fixed->src_data_len, fixed->hash_result_len) &&
         reader_.take(fixed->src_data_len, request_.input);
}

bool Parser::hash_stateless() {
  const auto fixed = reader_.read_object<wire::HashDataStateless>();
  return fixed && digest_room(0, fixed->src_data_len, fixed->hash_result_len) &&
         use(hash_parameters(fixed->algo, fixed->hash_result_len)) &&
         reader_.take(fixed->src_data_len, request_.input);
}

// Readable: key, source.
bool Parser::mac_stateless() {
  const auto fixed = reader_.read_object<wire::MacDataStateless>();
  return fixed && digest_room(fixed->auth_key_len, fixed->src_data_len, fixed->hash_result_len) &&
         use(mac_parameters(fixed->algo, fixed->hash_result_len, fixed->auth_key_len, terms_.limits, reader_,
                            request_.key)) &&
         reader_.take(fixed->src_data_len, request_.input);
}

bool Parser::digest_room(std::uint32_t key_bytes, std::uint32_t src_data_len, std::uint32_t hash_result_len) {
  request_.result_room = hash_result_len;
  request_.source_bytes = src_data_len;
  return within_max_size(key_bytes, src_data_len, hash_result_len) &&
         writer_.take(hash_result_len, request_.output);
}

// 5.9.9.7. Readable: [key,] iv, source, additional data. Writable: destination.
bool Parser::aead() {
  const auto fixed = read_session_part<wire::AeadData>();
  return fixed && aead_room(*fixed, 0) && aead_text(*fixed);
}

bool Parser::aead_stateless() {
  const auto fixed = reader_.read_object<wire::AeadDataStateless>();
  if (!fixed) return false;
  const wire::AeadData data{.iv_len = fixed->iv_len,
                            .aad_len = fixed->aad_len,
                            .src_data_len = fixed->src_data_len,
                            .dst_data_len = fixed->dst_data_len,
                            .tag_len = fixed->tag_len,
                            .reserved = 0};
  return aead_room(data, fixed->key_len) &&
         use(aead_parameters(fixed->algo, fixed->op, fixed->tag_len, fixed->key_len, terms_.limits, reader_,
                             request_.key)) &&
         aead_text(data);
}

bool Parser::aead_room(const wire::AeadData& data, std::uint64_t key_bytes) {
  request_.result_room = data.dst_data_len;
  request_.source_bytes = data.src_data_len;
  request_.tag_bytes = data.tag_len;
  return within_max_size(key_bytes, data.iv_len, data.aad_len, data.src_data_len, data.dst_data_len);
}

bool Parser::aead_text(const wire::AeadData& data) {
  return read_iv(data.iv_len) && reader_.take(data.src_data_len, request_.input) &&
         reader_.take(data.aad_len, request_.aad) && writer_.take(data.dst_data_len, request_.output);
}

// 5.9.9.8. Readable: [key,] source, and for verify the digest behind it. Writable: destination.
bool Parser::akcipher() {
  const auto fixed = read_session_part<wire::AkcipherData>();
  return fixed && akcipher_room(*fixed, 0) && akcipher_text(*fixed);
}

bool Parser::akcipher_stateless() {
  const auto fixed = reader_.read_object<wire::AkcipherDataStateless>();
  return fixed && akcipher_room(fixed->data, fixed->key_len) &&
         use(akcipher_parameters(fixed->algo, fixed->key_type, fixed->key_len, fixed->kind, terms_.limits,
                                 reader_, request_.key)) &&
         akcipher_text(fixed->data);
}

bool Parser::akcipher_room(const wire::AkcipherData& data, std::uint64_t key_bytes) {
  request_.source_bytes = data.src_data_len;
  if (request_.kind != OperationKind::kVerify) request_.result_room = data.dst_data_len;
  return within_max_size(key_bytes, data.src_data_len, data.dst_data_len);
}

bool Parser::akcipher_text(const wire::AkcipherData& data) {
  if (!reader_.take(data.src_data_len, request_.input)) return false;
  if (request_.kind != OperationKind::kVerify) return writer_.take(data.dst_data_len, request_.output);
  if (data.dst_data_len > kMaxDigestBytes) return false;
  request_.digest.resize(data.dst_data_len);
  return reader_.read(request_.digest);
}

// with REVISION_1 the flag decides for each request, for all services; without a service's
// stateless feature its requests belong to sessions only.
RequestStatus read_mode(const wire::DataHeader& header, const DataOperation& operation, const Terms& terms,
                        DataRequest& request) {
  if (!has_revision_1(terms) || header.flag == wire::kSessionMode) return RequestStatus::kOk;
  if (header.flag != wire::kStatelessMode) return RequestStatus::kError;
  if (!terms.negotiated.has_bit(operation.stateless_feature)) return RequestStatus::kNotSupported;
  request.stateless = true;
  return RequestStatus::kOk;
}

}  // namespace

RequestStatus parse_data(const virtio::DescriptorChain& chain, const Terms& terms, DataRequest& request) {
  virtio::ReadCursor reader = chain.reader();
  const auto header = reader.read_object<wire::DataHeader>();
  if (!header) return RequestStatus::kError;
  const DataOperation* operation = find_operation(header->opcode);
  if (operation == nullptr) return RequestStatus::kNotSupported;
  if (chain.writable_bytes() == 0) return RequestStatus::kError;  // no room for the status
  request.session_id = header->session_id;
  request.service = operation->service;
  request.kind = operation->kind;
  if (const RequestStatus mode = read_mode(*header, *operation, terms, request); mode != RequestStatus::kOk)
    return mode;

  // the last writable byte is the status; what the result may use lies before it.
  virtio::WriteCursor writer = chain.writer();
  writer.drop_last(1);
  return Parser(reader, writer, terms, request).parse();
}

}  // namespace virtcrypt::devices::crypto_dev::standard
