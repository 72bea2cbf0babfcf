#include "tests/driver/rfc_v2_requests.h"

#include <algorithm>

namespace virtcrypt::test::rfc_v2 {
namespace {

std::uint32_t length(std::size_t bytes) {
  return static_cast<std::uint32_t>(bytes);
}

Bytes copy(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

void append_session(Wire& wire, const Session& session) {
  wire.le32(session.op_type).le32(session.cipher_alg).le32(session.key_len).byte(session.op);
  wire.le32(session.hash_alg).le32(session.hash_mode).le32(session.result_len);
  wire.le32(session.auth_key_len).le32(session.aad_len);
  wire.le32(session.chain_order).byte(session.verify_digest).bytes(session.behind);
}

}  // namespace

Session cipher_session(std::uint32_t algorithm, std::span<const std::byte> key, std::uint8_t op) {
  Session session;
  session.cipher_alg = algorithm;
  session.key_len = length(key.size());
  session.op = op;
  session.behind = copy(key);
  return session;
}

Session hash_session(std::uint32_t algorithm, std::size_t result_bytes) {
  Session session;
  session.op_type = kOpHash;
  session.hash_alg = algorithm;
  session.hash_mode = kPlain;
  session.result_len = length(result_bytes);
  return session;
}

Session mac_session(std::uint32_t algorithm, std::span<const std::byte> key, std::size_t result_bytes) {
  Session session = hash_session(algorithm, result_bytes);
  session.hash_mode = kAuth;
  session.auth_key_len = length(key.size());
  session.behind = copy(key);
  return session;
}

Session nested_session(std::uint32_t inner, std::uint32_t outer, std::size_t result_bytes,
                       std::span<const std::byte> inner_prefix, std::span<const std::byte> outer_prefix) {
  Session session = hash_session(inner, result_bytes);
  session.hash_mode = kNested;
  Wire wire;
  wire.le32(outer).le32(length(inner_prefix.size())).le32(length(outer_prefix.size()));
  session.behind = wire.bytes(inner_prefix).bytes(outer_prefix).done();
  return session;
}

Session aead_session(std::uint32_t algorithm, std::span<const std::byte> key, std::uint8_t op,
                     std::size_t tag_bytes) {
  Session session = cipher_session(kAeadBase + algorithm, key, op);
  session.op_type = kOpChaining;
  session.hash_alg = kAeadBase + algorithm;
  session.hash_mode = kAuth;
  session.result_len = length(tag_bytes);
  return session;
}

Session chain_session(std::uint32_t order, const Session& cipher, const Session& hash) {
  Session session = hash;
  session.op_type = kOpChaining;
  session.cipher_alg = cipher.cipher_alg;
  session.key_len = cipher.key_len;
  session.op = cipher.op;
  session.chain_order = order;
  session.behind = cipher.behind;
  session.behind.insert(session.behind.end(), hash.behind.begin(), hash.behind.end());
  return session;
}

Bytes create_bytes(const Session& session) {
  Wire wire;
  wire.byte(kTypeCreate);
  append_session(wire, session);
  return wire.done();
}

Bytes close_bytes(std::uint64_t id) {
  Wire wire;
  return wire.byte(kTypeClose).le64(id).done();
}

Request create(const Session& session) {
  Request request;
  return request.readable(create_bytes(session)).writable(kTrailerBytes);
}

Request close(std::uint64_t id) {
  Request request;
  return request.readable(close_bytes(id)).writable(1);
}

Bytes header_bytes(const Header& header) {
  Wire wire;
  wire.le64(header.session).le32(header.iv_len).le32(header.iv_offset);
  wire.le32(header.auth_len).le32(header.auth_offset);
  wire.le32(header.cipher_start).le32(header.cipher_len);
  return wire.le32(header.hash_start).le32(header.hash_len).le32(header.source_len).done();
}

Data data_of(std::uint64_t session, std::span<const std::byte> iv, std::span<const std::byte> source,
             std::span<const std::byte> aad, std::size_t destination, std::size_t digest) {
  Data data;
  data.memory = copy(iv);
  data.memory.insert(data.memory.end(), source.begin(), source.end());
  data.memory.insert(data.memory.end(), aad.begin(), aad.end());
  const std::uint32_t behind_iv = length(iv.size());
  data.header = {.session = session,
                 .iv_len = behind_iv,
                 .iv_offset = 0,
                 .auth_len = length(aad.size()),
                 .auth_offset = length(iv.size() + source.size()),
                 .cipher_start = behind_iv,
                 .cipher_len = length(source.size()),
                 .hash_start = behind_iv,
                 .hash_len = length(source.size()),
                 .source_len = length(data.memory.size())};
  data.destination = destination;
  data.digest = digest;
  return data;
}

Bytes readable_bytes(const Data& data) {
  Wire wire;
  wire.bytes(header_bytes(data.header));
  if (data.flags) wire.le32(*data.flags);
  if (data.session) append_session(wire, *data.session);
  return wire.bytes(data.memory).done();
}

std::size_t writable_bytes(const Data& data) {
  return data.destination + data.digest + (data.session ? 8 : 0) + 1;
}

Request request(const Data& data) {
  Request request;
  return request.readable(readable_bytes(data)).writable(writable_bytes(data));
}

Session cbc_session(std::uint8_t op) {
  constexpr std::uint32_t kAesCbc = 3;
  return cipher_session(kAesCbc, from_hex("2b7e151628aed2a6abf7158809cf4f3c"), op);
}

Data cbc_data(std::uint64_t session) {
  return data_of(session, from_hex("000102030405060708090a0b0c0d0e0f"),
                 from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"), {}, 32, 0);
}

Bytes cbc_result() {
  return from_hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
}

bool is_cbc_answer(const Answer& answer) {
  const Bytes result = cbc_result();
  return answer.written.size() > result.size() && answer.status() == kOk &&
         std::equal(result.begin(), result.end(), answer.written.begin());
}

std::uint64_t le64_at(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= std::to_integer<std::uint64_t>(bytes[offset + i]) << (8 * i);
  return value;
}

}  // namespace virtcrypt::test::rfc_v2
