#include "virtcrypt/devices/crypto/rfc_v2_session.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "virtcrypt/devices/crypto/algorithm_numbers.h"
#include "virtcrypt/devices/crypto/wire_rfc_v2.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {
namespace {

namespace wire = wire_rfc_v2;
using crypto::OperationKind;

// draft, G-56: longest prefix of a nested hash; hashing itself has no bound.
constexpr std::uint32_t kMaxPrefixBytes = crypto::kMaxMacKeyBytes;

// draft, G-16: of GCM's IVs only the usual one.
constexpr std::uint16_t kGcmIvBytes = 12;

template <typename Row, typename Algorithm>
const Row* row_of(const std::vector<Row>& rows, std::optional<Algorithm> algorithm) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return each.algorithm == algorithm; });
  return row == rows.end() ? nullptr : &*row;
}

// Reads one session. Every step returns false when it is to be refused, with the field noted.
class Parser {
 public:
  Parser(virtio::ReadCursor& reader, const Terms& terms, crypto::SecureBuffer& storage)
      : reader_(reader), terms_(terms), storage_(storage) {}

  [[nodiscard]] bool parse(ParsedSession& session);
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  [[nodiscard]] bool cipher();
  [[nodiscard]] bool hash();
  [[nodiscard]] bool chaining();
  [[nodiscard]] bool aead();
  [[nodiscard]] bool cipher_setup();
  [[nodiscard]] bool cipher_key(const crypto::KeyBytes& lengths);
  [[nodiscard]] bool hash_setup();
  [[nodiscard]] bool plain_hash();
  [[nodiscard]] bool nested_hash();
  [[nodiscard]] bool mac();
  [[nodiscard]] bool hash_result(std::uint64_t most_bytes);
  [[nodiscard]] bool read_keys();
  [[nodiscard]] bool refuse(std::string_view field, std::uint64_t value) {
    refusal_ = {.field = field, .value = value};
    return false;
  }

  virtio::ReadCursor& reader_;
  const Terms& terms_;
  crypto::SecureBuffer& storage_;
  Refusal refusal_;

  wire::SessionOp op_{};
  SessionNote note_;
  crypto::SessionParameters parameters_;
  // The two halves, as far as the session has them. Their keys are filled in when all is checked.
  crypto::CipherParameters cipher_{};
  decltype(crypto::ChainParameters::hash) hash_;
  // What follows the fields; bounded before it is read.
  std::uint32_t cipher_key_bytes_ = 0;
  bool has_nested_head_ = false;
  std::uint32_t second_bytes_ = 0;  // MAC key, or inner prefix
  std::uint32_t third_bytes_ = 0;   // outer prefix
};

bool Parser::parse(ParsedSession& session) {
  const auto op = reader_.read_object<wire::SessionOp>();
  if (!op) return refuse("readable bytes of the session", reader_.remaining());
  op_ = *op;
  bool parsed = false;
  switch (op_.op_type) {
    case wire::kOpCipher:
      parsed = cipher();
      break;
    case wire::kOpHash:
      parsed = hash();
      break;
    case wire::kOpAlgorithmChaining:
      parsed =
          op_.cipher.alg >= wire::kAeadBase || op_.hash.hash_alg >= wire::kAeadBase ? aead() : chaining();
      break;
    default:  // NONE among them (draft, G-20)
      return refuse("op_type", op_.op_type);
  }
  if (parsed) session = {.parameters = parameters_, .note = note_};
  return parsed;
}

// draft, G-21: what belongs to the other half is ignored.
bool Parser::cipher() {
  if (!cipher_setup() || !read_keys()) return false;
  parameters_ = cipher_;
  return true;
}

bool Parser::hash() {
  if (!hash_setup() || !read_keys()) return false;
  note_.kind = note_.verifies ? OperationKind::kVerifyDigest : OperationKind::kDigest;
  std::visit([this](const auto& some) { parameters_ = some; }, hash_);
  return true;
}

bool Parser::chaining() {
  const auto order = name_of_number(kChainOrderNumbers, op_.alg_chain_order);
  if (!order) return refuse("alg_chain_order", op_.alg_chain_order);
  if (!cipher_setup() || !hash_setup() || !read_keys()) return false;
  parameters_ = crypto::ChainParameters{
      .order = *order, .cipher = cipher_, .hash = hash_, .output = crypto::ChainOutput::kCipherRange};
  return true;
}

// draft, G-04, G-14, G-51: chaining of two halves that are one; its order has no meaning, and decryption
// verifies whatever verify_digest says.
bool Parser::aead() {
  const auto number = op_.cipher.alg - wire::kAeadBase;
  const auto* row = row_of(terms_.capabilities.aeads, name_of_number(kAeadNumbers, number));
  if (row == nullptr) return refuse("cipher.alg", op_.cipher.alg);
  if (op_.hash.hash_alg != op_.cipher.alg) return refuse("hash.hash_alg", op_.hash.hash_alg);
  if (op_.hash.hash_mode != wire::kHashAuth) return refuse("hash.hash_mode", op_.hash.hash_mode);
  if (!cipher_key(row->key_bytes)) return false;
  const std::uint32_t tag_bytes = op_.hash.hash_result_len;
  if (std::find(row->tag_bytes.begin(), row->tag_bytes.end(), tag_bytes) == row->tag_bytes.end())
    return refuse("hash.hash_result_len", tag_bytes);
  if (!read_keys()) return false;
  note_.digest_bytes = tag_bytes;
  note_.max_aad_bytes = op_.hash.aad_len;
  note_.takes_aad = true;
  note_.verifies = note_.kind == OperationKind::kDecrypt;
  note_.least_iv_bytes = row->iv_bytes.front();
  note_.most_iv_bytes = row->algorithm == crypto::AeadAlgorithm::kAesGcm ? kGcmIvBytes : row->iv_bytes.back();
  parameters_ = crypto::AeadParameters{.algorithm = row->algorithm,
                                       .direction = cipher_.direction,
                                       .tag_bytes = tag_bytes,
                                       .key = cipher_.key};
  return true;
}

// Direction and key of a cipher or an AEAD.
bool Parser::cipher_key(const crypto::KeyBytes& lengths) {
  const auto direction = name_of_number(kDirectionNumbers, op_.cipher.op);
  if (!direction) return refuse("cipher.op", op_.cipher.op);
  const std::uint32_t key_bytes = op_.cipher.keylen;
  if (!lengths.contains(key_bytes) || key_bytes > terms_.limits.max_cipher_key_bytes)
    return refuse("cipher.keylen", key_bytes);
  cipher_key_bytes_ = key_bytes;
  cipher_.direction = *direction;
  note_.kind = *direction == crypto::Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
  return true;
}

bool Parser::cipher_setup() {
  const auto* row = row_of(terms_.capabilities.ciphers, name_of_number(kCipherNumbers, op_.cipher.alg));
  if (row == nullptr) return refuse("cipher.alg", op_.cipher.alg);
  if (!cipher_key(row->key_bytes)) return false;
  cipher_.algorithm = row->algorithm;
  note_.least_iv_bytes = note_.most_iv_bytes = row->iv_bytes;
  note_.block_bytes = row->block_bytes;
  note_.least_text_bytes = row->least_text_bytes;
  return true;
}

bool Parser::hash_setup() {
  // draft, G-50
  if (op_.verify_digest > 1) return refuse("verify_digest", op_.verify_digest);
  note_.verifies = op_.verify_digest == 1;
  note_.digest_bytes = op_.hash.hash_result_len;
  note_.max_aad_bytes = op_.hash.aad_len;
  switch (op_.hash.hash_mode) {
    case wire::kHashPlain:
      return plain_hash();
    case wire::kHashAuth:
      return mac();
    case wire::kHashNested:
      return nested_hash();
    default:
      return refuse("hash.hash_mode", op_.hash.hash_mode);
  }
}

bool Parser::plain_hash() {
  const auto* row = row_of(terms_.capabilities.hashes, name_of_number(kHashNumbers, op_.hash.hash_alg));
  if (row == nullptr) return refuse("hash.hash_alg", op_.hash.hash_alg);
  if (!hash_result(row->digest_bytes)) return false;
  hash_ = crypto::HashParameters{.algorithm = row->algorithm, .result_bytes = note_.digest_bytes};
  return true;
}

bool Parser::mac() {
  const auto* row = row_of(terms_.capabilities.macs, name_of_number(kMacNumbers, op_.hash.hash_alg));
  if (row == nullptr) return refuse("hash.hash_alg", op_.hash.hash_alg);
  if (!hash_result(row->digest_bytes)) return false;
  const std::uint32_t key_bytes = op_.hash.auth_key_len;
  if (!row->key_bytes.contains(key_bytes) || key_bytes > terms_.limits.max_auth_key_bytes)
    return refuse("hash.auth_key_len", key_bytes);
  second_bytes_ = key_bytes;
  note_.takes_aad = true;
  hash_ = crypto::MacParameters{.algorithm = row->algorithm, .result_bytes = note_.digest_bytes, .key = {}};
  return true;
}

// draft, G-19: what makes it nested stands behind the cipher's key.
bool Parser::nested_hash() {
  virtio::ReadCursor ahead = reader_;
  const auto head = ahead.skip(cipher_key_bytes_) ? ahead.read_object<wire::NestedHead>()
                                                  : std::optional<wire::NestedHead>();
  if (!head) return refuse("readable bytes of the session", reader_.remaining());
  const auto* inner = row_of(terms_.capabilities.hashes, name_of_number(kHashNumbers, op_.hash.hash_alg));
  // draft, G-55: SHAKE inside would have no length.
  if (inner == nullptr || crypto::digest_bytes(inner->algorithm) == 0)
    return refuse("hash.hash_alg", op_.hash.hash_alg);
  const auto* outer = row_of(terms_.capabilities.hashes, name_of_number(kHashNumbers, head->outer_hash_alg));
  if (outer == nullptr) return refuse("outer_hash_alg", head->outer_hash_alg);
  if (!hash_result(outer->digest_bytes)) return false;
  if (head->inner_prefix_len > kMaxPrefixBytes) return refuse("inner_prefix_len", head->inner_prefix_len);
  if (head->outer_prefix_len > kMaxPrefixBytes) return refuse("outer_prefix_len", head->outer_prefix_len);
  has_nested_head_ = true;
  second_bytes_ = head->inner_prefix_len;
  third_bytes_ = head->outer_prefix_len;
  hash_ = crypto::NestedHashParameters{.inner = inner->algorithm,
                                       .outer = outer->algorithm,
                                       .result_bytes = note_.digest_bytes,
                                       .inner_prefix = {},
                                       .outer_prefix = {}};
  return true;
}

// draft, G-45
bool Parser::hash_result(std::uint64_t most_bytes) {
  const std::uint32_t bytes = op_.hash.hash_result_len;
  return (bytes >= 1 && bytes <= most_bytes) || refuse("hash.hash_result_len", bytes);
}

// draft, G-07: the cipher's key, then what the hash has. All of it into one buffer.
bool Parser::read_keys() {
  const std::uint64_t head_bytes = has_nested_head_ ? sizeof(wire::NestedHead) : 0;
  const std::uint64_t behind_head = std::uint64_t{second_bytes_} + third_bytes_;
  if (cipher_key_bytes_ + head_bytes + behind_head > reader_.remaining())
    return refuse("readable bytes of the keys", reader_.remaining());
  storage_ = crypto::SecureBuffer(cipher_key_bytes_ + behind_head);
  const std::span<std::byte> all = storage_.bytes();
  if (!reader_.read(all.first(cipher_key_bytes_)) || !reader_.skip(head_bytes) ||
      !reader_.read(all.subspan(cipher_key_bytes_))) {
    return false;  // not reached: there are as many bytes
  }
  const std::span<const std::byte> second = all.subspan(cipher_key_bytes_, second_bytes_);
  cipher_.key = all.first(cipher_key_bytes_);
  if (auto* mac = std::get_if<crypto::MacParameters>(&hash_)) mac->key = second;
  if (auto* nested = std::get_if<crypto::NestedHashParameters>(&hash_)) {
    nested->inner_prefix = second;
    nested->outer_prefix = all.last(third_bytes_);
  }
  return true;
}

}  // namespace

crypto::Expected<ParsedSession, Refusal> parse_session(virtio::ReadCursor& reader, const Terms& terms,
                                                       crypto::SecureBuffer& storage) {
  Parser parser(reader, terms, storage);
  ParsedSession session;
  if (!parser.parse(session)) return crypto::Unexpected<Refusal>(parser.refusal());
  return session;
}

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
