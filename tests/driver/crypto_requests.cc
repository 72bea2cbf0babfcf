#include "tests/driver/crypto_requests.h"

#include <initializer_list>

namespace virtcrypt::test {
namespace {

constexpr std::uint32_t kHashCreate = 0x0102, kMacCreate = 0x0202, kAeadCreate = 0x0302;
constexpr std::uint32_t kHash = 0x0100, kMac = 0x0200, kAeadEncrypt = 0x0300, kAeadDecrypt = 0x0301;
constexpr std::uint32_t kRsa = 1, kEcdsa = 2;
constexpr std::uint32_t kOpTypeCipher = 1, kOpTypeChain = 2;
constexpr std::uint32_t kSessionMode = 1;

// Fixed parts without REVISION_1.
constexpr std::size_t kPaddedControl = 56, kPaddedData = 48;
// What op_type comes behind, and the parts that are padded in every layout.
constexpr std::size_t kCipherOpBytes = 40;
constexpr std::size_t kStatelessCipherOpBytes = 72;
constexpr std::size_t kCipherCreateOpBytes = 48;
constexpr std::size_t kAkcipherCreateBytes = 56;

std::uint32_t length(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

std::uint32_t length(std::size_t bytes) {
  return static_cast<std::uint32_t>(bytes);
}

void pad_to(Wire& wire, std::size_t bytes) {
  if (wire.done().size() < bytes) wire.zeros(bytes - wire.done().size());
}

Request control(Layout layout, std::uint32_t opcode, std::uint32_t algorithm, Wire fixed,
                std::initializer_list<std::span<const std::byte>> variable, std::size_t outcome_bytes) {
  if (layout == Layout::kPadded) pad_to(fixed, kPaddedControl);
  Wire wire;
  wire.le32(opcode).le32(algorithm).le32(0).le32(0).bytes(fixed);
  Request request;
  request.readable(wire);
  for (const auto part : variable) {
    if (!part.empty()) request.readable(part);
  }
  return request.writable(outcome_bytes);
}

Request create(Layout layout, std::uint32_t opcode, std::uint32_t algorithm, const Wire& fixed,
               std::initializer_list<std::span<const std::byte>> keys) {
  return control(layout, opcode, algorithm, fixed, keys, 16);
}

struct DataRequest {
  std::uint32_t opcode;
  std::uint32_t algorithm;
  Wire fixed;
  std::initializer_list<std::span<const std::byte>> readable;
  std::initializer_list<std::size_t> writable;
};

Request data(const Target& target, DataRequest&& parts) {
  if (target.layout == Layout::kPadded) pad_to(parts.fixed, kPaddedData);
  Wire wire;
  wire.le32(parts.opcode).le32(parts.algorithm);
  wire.le64(target.layout == Layout::kStateless ? 0 : target.session);
  wire.le32(target.layout == Layout::kRevision1 ? kSessionMode : 0).le32(0).bytes(parts.fixed);
  Request request;
  request.readable(wire);
  for (const auto part : parts.readable) {
    if (!part.empty()) request.readable(part);
  }
  for (const std::size_t bytes : parts.writable) {
    if (bytes > 0) request.writable(bytes);
  }
  return request.writable(1);
}

bool stateless(const Target& target) {
  return target.layout == Layout::kStateless;
}

std::span<const std::byte> key_of(const Target& target, std::span<const std::byte> key) {
  return stateless(target) ? key : std::span<const std::byte>();
}

std::span<const std::byte> key_in(const AkcipherSubject& subject) {
  return std::visit([](const auto& some) { return some.key; }, subject);
}

std::uint32_t algorithm_of(const AkcipherSubject& subject) {
  return std::holds_alternative<RsaSubject>(subject) ? kRsa : kEcdsa;
}

// algo, key_type, key_len, and the eight bytes of the algorithm's own.
Wire akcipher_parameters(const AkcipherSubject& subject) {
  Wire wire;
  wire.le32(algorithm_of(subject));
  if (const auto* rsa = std::get_if<RsaSubject>(&subject)) {
    wire.le32(rsa->key_type).le32(length(rsa->key)).le32(rsa->padding).le32(rsa->hash);
  } else {
    const auto& ecdsa = std::get<EcdsaSubject>(subject);
    wire.le32(ecdsa.key_type).le32(length(ecdsa.key)).le32(ecdsa.curve).le32(0);
  }
  return wire;
}

Request create_akcipher(Layout layout, const AkcipherSubject& subject) {
  Wire fixed = akcipher_parameters(subject);
  pad_to(fixed, kAkcipherCreateBytes);
  return create(layout, wire_number::kAkcipherCreate, algorithm_of(subject), fixed, {key_in(subject)});
}

Wire akcipher_fixed(const Target& target, const AkcipherSubject& subject, std::size_t source,
                    std::size_t destination) {
  Wire fixed;
  if (stateless(target)) fixed = akcipher_parameters(subject);
  return fixed.le32(length(source)).le32(length(destination));
}

Wire stateless_chain_head(const ChainSubject& subject, const ChainData& data) {
  Wire fixed;
  fixed.le32(subject.order).le32(length(data.aad));
  fixed.le32(subject.cipher.algorithm).le32(length(subject.cipher.key)).le32(subject.cipher.op);
  return fixed.le32(subject.hash.algorithm).le32(length(subject.hash.key)).le32(subject.hash_mode);
}

}  // namespace

Request create_request(Layout layout, const CipherSubject& subject) {
  Wire fixed;
  fixed.le32(subject.algorithm).le32(length(subject.key)).le32(subject.op).le32(0);
  pad_to(fixed, kCipherCreateOpBytes);
  fixed.le32(kOpTypeCipher).le32(0);
  return create(layout, wire_number::kCipherCreate, subject.algorithm, fixed, {subject.key});
}

Request create_request(Layout layout, const HashSubject& subject) {
  Wire fixed;
  fixed.le32(subject.algorithm).le32(subject.result_bytes);
  return create(layout, kHashCreate, subject.algorithm, fixed, {});
}

Request create_request(Layout layout, const MacSubject& subject) {
  Wire fixed;
  fixed.le32(subject.algorithm).le32(subject.result_bytes).le32(length(subject.key)).le32(0);
  return create(layout, kMacCreate, subject.algorithm, fixed, {subject.key});
}

Request create_request(Layout layout, const AeadSubject& subject) {
  Wire fixed;
  fixed.le32(subject.algorithm).le32(length(subject.key)).le32(subject.tag_bytes).le32(subject.aad_bytes);
  fixed.le32(subject.op).le32(0);
  return create(layout, kAeadCreate, subject.algorithm, fixed, {subject.key});
}

Request create_request(Layout layout, const RsaSubject& subject) {
  return create_akcipher(layout, subject);
}

Request create_request(Layout layout, const EcdsaSubject& subject) {
  return create_akcipher(layout, subject);
}

Request create_request(Layout layout, const ChainSubject& subject) {
  Wire fixed;
  fixed.le32(subject.order).le32(subject.hash_mode);
  fixed.le32(subject.cipher.algorithm).le32(length(subject.cipher.key)).le32(subject.cipher.op).le32(0);
  fixed.le32(subject.hash.algorithm).le32(subject.hash.result_bytes).le32(length(subject.hash.key)).le32(0);
  fixed.le32(subject.aad_bytes).le32(0).le32(kOpTypeChain).le32(0);
  return create(layout, wire_number::kCipherCreate, subject.cipher.algorithm, fixed,
                {subject.cipher.key, subject.hash.key});
}

Request destroy_request(Layout layout, std::uint32_t opcode, std::uint64_t session) {
  Wire fixed;
  fixed.le64(session);
  return control(layout, opcode, 0, fixed, {}, 1);
}

Request cipher_request(const Target& target, const CipherSubject& subject, std::span<const std::byte> iv,
                       std::span<const std::byte> source, std::size_t room) {
  Wire fixed;
  if (stateless(target)) fixed.le32(subject.algorithm).le32(length(subject.key)).le32(subject.op);
  fixed.le32(length(iv)).le32(length(source)).le32(length(room));
  pad_to(fixed, stateless(target) ? kStatelessCipherOpBytes : kCipherOpBytes);
  fixed.le32(kOpTypeCipher);
  if (!stateless(target)) fixed.le32(0);
  return data(target, {.opcode = subject.op == wire_number::kDecrypt ? wire_number::kCipherDecrypt
                                                                     : wire_number::kCipherEncrypt,
                       .algorithm = subject.algorithm,
                       .fixed = fixed,
                       .readable = {key_of(target, subject.key), iv, source},
                       .writable = {room}});
}

Request hash_request(const Target& target, const HashSubject& subject, std::span<const std::byte> source,
                     std::size_t room) {
  Wire fixed;
  if (stateless(target)) fixed.le32(subject.algorithm);
  fixed.le32(length(source)).le32(length(room));
  if (stateless(target)) fixed.le32(0);
  return data(target, {.opcode = kHash,
                       .algorithm = subject.algorithm,
                       .fixed = fixed,
                       .readable = {source},
                       .writable = {room}});
}

Request mac_request(const Target& target, const MacSubject& subject, std::span<const std::byte> source,
                    std::size_t room) {
  Wire fixed;
  if (stateless(target)) fixed.le32(subject.algorithm).le32(length(subject.key));
  fixed.le32(length(source)).le32(length(room));
  return data(target, {.opcode = kMac,
                       .algorithm = subject.algorithm,
                       .fixed = fixed,
                       .readable = {key_of(target, subject.key), source},
                       .writable = {room}});
}

Request aead_request(const Target& target, const AeadSubject& subject, std::span<const std::byte> iv,
                     std::span<const std::byte> source, std::span<const std::byte> aad, std::size_t room) {
  Wire fixed;
  if (stateless(target)) {
    fixed.le32(subject.algorithm).le32(length(subject.key)).le32(subject.op);
    fixed.le32(length(iv)).le32(subject.tag_bytes).le32(length(aad)).le32(length(source)).le32(length(room));
  } else {
    fixed.le32(length(iv)).le32(length(aad)).le32(length(source)).le32(length(room));
    fixed.le32(subject.tag_bytes).le32(0);
  }
  return data(target, {.opcode = subject.op == wire_number::kDecrypt ? kAeadDecrypt : kAeadEncrypt,
                       .algorithm = subject.algorithm,
                       .fixed = fixed,
                       .readable = {key_of(target, subject.key), iv, source, aad},
                       .writable = {room}});
}

Request akcipher_request(const Target& target, const AkcipherSubject& subject, std::uint32_t opcode,
                         std::span<const std::byte> source, std::size_t room) {
  return data(target, {.opcode = opcode,
                       .algorithm = algorithm_of(subject),
                       .fixed = akcipher_fixed(target, subject, source.size(), room),
                       .readable = {key_of(target, key_in(subject)), source},
                       .writable = {room}});
}

Request verify_request(const Target& target, const AkcipherSubject& subject,
                       std::span<const std::byte> signature, std::span<const std::byte> digest) {
  return data(target, {.opcode = wire_number::kAkcipherVerify,
                       .algorithm = algorithm_of(subject),
                       .fixed = akcipher_fixed(target, subject, signature.size(), digest.size()),
                       .readable = {key_of(target, key_in(subject)), signature, digest},
                       .writable = {}});
}

Request chain_request(const Target& target, const ChainSubject& subject, const ChainData& request) {
  const std::uint32_t opcode =
      subject.cipher.op == wire_number::kDecrypt ? wire_number::kCipherDecrypt : wire_number::kCipherEncrypt;
  Wire fixed;
  if (stateless(target)) fixed = stateless_chain_head(subject, request);
  fixed.le32(length(request.iv)).le32(length(request.source)).le32(length(request.room));
  fixed.le32(request.cipher_start).le32(request.cipher_bytes);
  fixed.le32(request.hash_start).le32(request.hash_bytes);
  fixed.le32(length(request.aad)).le32(length(request.result_bytes)).le32(0).le32(kOpTypeChain);
  if (stateless(target)) {
    // Additional data come before the source here, and behind it with sessions (5.9.9.6).
    return data(target,
                {.opcode = opcode,
                 .algorithm = subject.cipher.algorithm,
                 .fixed = fixed,
                 .readable = {subject.cipher.key, subject.hash.key, request.iv, request.aad, request.source},
                 .writable = {request.room, request.result_bytes}});
  }
  fixed.le32(0);
  return data(target, {.opcode = opcode,
                       .algorithm = subject.cipher.algorithm,
                       .fixed = fixed,
                       .readable = {request.iv, request.source, request.aad},
                       .writable = {request.room, request.result_bytes}});
}

}  // namespace virtcrypt::test
