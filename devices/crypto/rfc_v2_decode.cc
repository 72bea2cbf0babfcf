#include "virtcrypt/devices/crypto/rfc_v2_decode.h"

#include "virtcrypt/devices/crypto/algorithm_numbers.h"
#include "virtcrypt/devices/crypto/wire_rfc_v2.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {
namespace {

std::string_view cipher_name(std::uint64_t value) {
  return value > wire_rfc_v2::kAeadBase ? text_of_number(kAeadNumbers, value - wire_rfc_v2::kAeadBase)
                                        : text_of_number(kCipherNumbers, value);
}

std::string_view hash_name(std::uint64_t value, bool authenticated) {
  if (value > wire_rfc_v2::kAeadBase) return text_of_number(kAeadNumbers, value - wire_rfc_v2::kAeadBase);
  return authenticated ? text_of_number(kMacNumbers, value) : text_of_number(kHashNumbers, value);
}

std::string_view op_type_name(std::uint64_t value) {
  switch (value) {
    case wire_rfc_v2::kOpCipher:
      return "CIPHER";
    case wire_rfc_v2::kOpHash:
      return "HASH";
    case wire_rfc_v2::kOpAlgorithmChaining:
      return "ALGORITHM_CHAINING";
    default:
      return "unknown";
  }
}

std::string_view hash_mode_name(std::uint64_t value) {
  switch (value) {
    case wire_rfc_v2::kHashPlain:
      return "PLAIN";
    case wire_rfc_v2::kHashAuth:
      return "AUTH";
    case wire_rfc_v2::kHashNested:
      return "NESTED";
    default:
      return "unknown";
  }
}

std::string_view direction_name(std::uint64_t value) {
  return value == 1 ? "encrypt" : value == 2 ? "decrypt" : "unknown";
}

// The session's fields and keys, as they stand in create requests and behind the header of inline ones.
void session(FieldReader& fields) {
  const std::uint64_t op_type = fields.named("op_type", 4, op_type_name);
  const std::uint64_t cipher = fields.named("cipher.alg", 4, cipher_name);
  const std::uint64_t cipher_key = fields.field("cipher.keylen", 4);
  fields.named("cipher.op", 1, direction_name);
  const std::uint64_t mode = fields.peek(fields.offset() + 4, 4);
  fields.named("hash.hash_alg", 4,
               [mode](std::uint64_t value) { return hash_name(value, mode == wire_rfc_v2::kHashAuth); });
  fields.named("hash.hash_mode", 4, hash_mode_name);
  fields.field("hash.hash_result_len", 4);
  const std::uint64_t auth_key = fields.field("hash.auth_key_len", 4);
  fields.field("hash.aad_len", 4);
  fields.field("alg_chain_order", 4);
  fields.field("verify_digest", 1);
  if (op_type != wire_rfc_v2::kOpHash) fields.part("cipher key", cipher_key, true);
  const bool is_aead = cipher > wire_rfc_v2::kAeadBase;
  if (op_type != wire_rfc_v2::kOpCipher && mode == wire_rfc_v2::kHashAuth && !is_aead)
    fields.part("auth key", auth_key, true);
}

}  // namespace

DecodedRequest decode_control(std::span<const std::byte> bytes) {
  DecodedRequest request;
  FieldReader fields(bytes, request);
  switch (fields.field("type", 1)) {
    case wire_rfc_v2::kCreateSession:
      request.operation = "CREATE_SESSION";
      session(fields);
      break;
    case wire_rfc_v2::kCloseSession:
      request.operation = "CLOSE_SESSION";
      fields.field("session_id", 8);
      break;
    default:
      break;
  }
  return request;
}

DecodedRequest decode_data(std::span<const std::byte> bytes, virtio::FeatureSet negotiated) {
  DecodedRequest request;
  FieldReader fields(bytes, request);
  request.operation = "request";
  const std::uint64_t id = fields.field("session_id", 8);
  for (const std::string_view name :
       {"iv_len", "iv_offset", "auth_len", "additional_auth_offset", "cipher_start_src_offset",
        "len_to_cipher", "hash_start_src_offset", "len_to_hash"})
    fields.field(name, 4);
  const std::uint64_t source_bytes = fields.field("source_len", 4);
  if (negotiated.has_bit(wire_rfc_v2::kFeatureInlineSession)) {
    const std::uint64_t flags = fields.field("flags", 4);
    if (flags == wire_rfc_v2::kEndOfSession && !request.cut_short)
      request.fields.back().meaning = "END_OF_SESSION";
    if (id == 0) {
      request.operation = "request with its session";
      session(fields);
      return request;  // a nested hash has more before the text: its place is not known here
    }
  }
  fields.part("crypto data", source_bytes);
  return request;
}

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
