#include "tests/conformance/known_answers.h"

#include <initializer_list>

#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;

constexpr std::uint32_t kRsa = 1;
constexpr std::size_t kCipherOpBytes = 40, kPaddedData = 48;
constexpr std::uint32_t kSessionMode = 1, kOpTypeCipher = 1, kOpTypeChain = 2;

std::uint32_t length(std::size_t bytes) {
  return static_cast<std::uint32_t>(bytes);
}

void pad_to(test::Wire& wire, std::size_t bytes) {
  if (wire.done().size() < bytes) wire.zeros(bytes - wire.done().size());
}

test::CipherSubject cipher_of(const KnownAnswer& known) {
  return {.algorithm = known.algorithm, .op = known.op, .key = known.key};
}

test::HashSubject hash_of(const KnownAnswer& known) {
  return {.algorithm = known.algorithm, .result_bytes = length(known.result.size())};
}

test::MacSubject mac_of(const KnownAnswer& known) {
  return {.algorithm = known.algorithm, .result_bytes = length(known.result.size()), .key = known.key};
}

test::AeadSubject aead_of(const KnownAnswer& known) {
  return {.algorithm = known.algorithm,
          .op = known.op,
          .tag_bytes = known.tag_bytes,
          .aad_bytes = length(known.aad.size()),
          .key = known.key};
}

test::AkcipherSubject akcipher_of(const KnownAnswer& known) {
  if (known.algorithm != kRsa)
    return test::EcdsaSubject{.key_type = known.key_type, .curve = known.curve, .key = known.key};
  return test::RsaSubject{
      .key_type = known.key_type, .padding = known.padding, .hash = known.hash, .key = known.key};
}

test::ChainSubject chain_of(const KnownAnswer& known) {
  return {
      .order = known.order,
      .hash_mode = known.hash_mode,
      .cipher = cipher_of(known),
      .hash = {.algorithm = known.hash_algorithm, .result_bytes = known.digest_bytes, .key = known.auth_key},
      .aad_bytes = length(known.aad.size())};
}

test::Request chain_request_of(const KnownAnswer& known, const test::Target& target) {
  return test::chain_request(target, chain_of(known),
                             {.iv = known.iv,
                              .source = known.source,
                              .aad = known.aad,
                              .room = known.room(),
                              .result_bytes = known.digest_bytes,
                              .cipher_start = 0,
                              .cipher_bytes = known.cipher_bytes,
                              .hash_start = known.hash_start,
                              .hash_bytes = known.hash_bytes});
}

test::Request akcipher_request_of(const KnownAnswer& known, const test::Target& target) {
  if (known.opcode == kAkcipherVerify)
    return test::verify_request(target, akcipher_of(known), known.source, known.digest);
  return test::akcipher_request(target, akcipher_of(known), known.opcode, known.source, known.result.size());
}

}  // namespace

std::uint32_t KnownAnswer::service() const {
  return kind == Kind::kChain ? service::kCipher : static_cast<std::uint32_t>(kind);
}

test::Request KnownAnswer::create(test::Layout layout) const {
  switch (kind) {
    case Kind::kCipher:
      return test::create_request(layout, cipher_of(*this));
    case Kind::kHash:
      return test::create_request(layout, hash_of(*this));
    case Kind::kMac:
      return test::create_request(layout, mac_of(*this));
    case Kind::kAead:
      return test::create_request(layout, aead_of(*this));
    case Kind::kAkcipher:
      return std::visit([&](const auto& subject) { return test::create_request(layout, subject); },
                        akcipher_of(*this));
    case Kind::kChain:
      break;
  }
  return test::create_request(layout, chain_of(*this));
}

test::Request KnownAnswer::request(const test::Target& target) const {
  switch (kind) {
    case Kind::kCipher:
      return test::cipher_request(target, cipher_of(*this), iv, source, result.size());
    case Kind::kHash:
      return test::hash_request(target, hash_of(*this), source, result.size());
    case Kind::kMac:
      return test::mac_request(target, mac_of(*this), source, result.size());
    case Kind::kAead:
      return test::aead_request(target, aead_of(*this), iv, source, aad, result.size());
    case Kind::kAkcipher:
      return akcipher_request_of(*this, target);
    case Kind::kChain:
      break;
  }
  return chain_request_of(*this, target);
}

std::uint32_t create_opcode(std::uint32_t service) {
  return service == service::kAkcipher ? kAkcipherCreate : service << 8U | kCipherCreate;
}

std::uint32_t destroy_opcode(std::uint32_t service) {
  return service == service::kAkcipher ? kAkcipherDestroy : service << 8U | kCipherDestroy;
}

test::Wire session_fixed_part(const KnownAnswer& known, std::size_t source_bytes, std::size_t room) {
  test::Wire fixed;
  switch (known.kind) {
    case Kind::kHash:
    case Kind::kMac:
    case Kind::kAkcipher:
      return fixed.le32(length(source_bytes)).le32(length(room));
    case Kind::kAead:
      fixed.le32(length(known.iv.size())).le32(length(known.aad.size()));
      return fixed.le32(length(source_bytes)).le32(length(room)).le32(known.tag_bytes).le32(0);
    case Kind::kCipher:
      fixed.le32(length(known.iv.size())).le32(length(source_bytes)).le32(length(room));
      pad_to(fixed, kCipherOpBytes);
      return fixed.le32(kOpTypeCipher).le32(0);
    case Kind::kChain:
      break;
  }
  fixed.le32(length(known.iv.size())).le32(length(source_bytes)).le32(length(room));
  fixed.le32(0).le32(known.cipher_bytes).le32(known.hash_start).le32(known.hash_bytes);
  return fixed.le32(length(known.aad.size())).le32(known.digest_bytes).le32(0).le32(kOpTypeChain).le32(0);
}

test::Request data_request(const test::Target& target, const RawRequest& raw) {
  test::Wire fixed = raw.fixed;
  if (target.layout == test::Layout::kPadded) pad_to(fixed, kPaddedData);
  test::Wire wire;
  wire.le32(raw.opcode).le32(0).le64(target.session);
  wire.le32(target.layout == test::Layout::kRevision1 ? kSessionMode : 0).le32(0).bytes(fixed);
  test::Request request;
  request.readable(wire);
  if (!raw.variable.empty()) request.readable(raw.variable);
  if (raw.writable_bytes > 0) request.writable(raw.writable_bytes);
  return request.writable(1);
}

test::Bytes joined(std::initializer_list<test::Bytes> parts) {
  test::Bytes whole;
  for (const test::Bytes& part : parts)
    whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

}  // namespace virtcrypt::conformance
