#include "tests/bench/asymmetric_subject.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "tests/bench/operations.h"
#include "tests/driver/asymmetric_keys.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::bench {
namespace {

namespace number = test::wire_number;
using crypto::Curve;
using crypto::KeyType;
using crypto::OperationKind;
using crypto::RsaPadding;
using test::Bytes;

constexpr std::size_t kSha256Bytes = 32;

bool is_rsa(const AsymmetricPart& part) {
  return std::holds_alternative<RsaPadding>(part.scheme);
}

KeyType key_type_of(const Subject& subject) {
  const bool is_private = subject.kind == OperationKind::kSign || subject.kind == OperationKind::kDecrypt;
  return is_private ? KeyType::kPrivate : KeyType::kPublic;
}

const Bytes& key_of(const Subject& subject) {
  const AsymmetricPart& part = *subject.asymmetric;
  return key_type_of(subject) == KeyType::kPrivate ? part.private_key : part.public_key;
}

void add(std::vector<Subject>& subjects, const std::string& name, const AsymmetricPart& part,
         std::initializer_list<OperationKind> kinds) {
  for (const OperationKind kind : kinds)
    subjects.push_back({.service = "AKCIPHER",
                        .name = name,
                        .kind = kind,
                        .key = {},
                        .iv = {},
                        .aad = {},
                        .asymmetric = part});
}

// Linux' own padding comes over raw requests; PKCS#1 v1.5 is what it leaves to the device.
void add_rsa(std::vector<Subject>& subjects, const test::RsaKeyText& key) {
  const std::size_t modulus_bytes = key.bits / 8;
  AsymmetricPart part{.scheme = RsaPadding::kPkcs1,
                      .private_key = test::from_hex(key.private_key),
                      .public_key = test::from_hex(key.public_key),
                      .plain = pattern(kSha256Bytes, 4),
                      .longest_bytes = modulus_bytes};
  add(subjects, fmt::format("RSA {} PKCS#1", key.bits), part,
      {OperationKind::kSign, OperationKind::kVerify, OperationKind::kDecrypt, OperationKind::kEncrypt});
  part.scheme = RsaPadding::kRaw;
  part.plain = pattern(modulus_bytes, 1);  // a number below the modulus, and as long
  add(subjects, fmt::format("RSA {} raw", key.bits), part,
      {OperationKind::kDecrypt, OperationKind::kEncrypt});
}

// A SEQUENCE of two INTEGERs, each with a leading zero at most.
constexpr std::size_t longest_signature(std::size_t field_bytes) {
  return 2 + 2 * (2 + 1 + field_bytes);
}

// Digests are as long as the curve's numbers, as certificates have them.
void add_ecdsa(std::vector<Subject>& subjects, Curve curve) {
  const test::EcKeyText& key = test::ec_keys()[static_cast<std::size_t>(curve)];
  const std::size_t field_bytes = key.point_bytes / 2;
  const Bytes private_key = test::from_hex(key.private_key);
  const AsymmetricPart part{
      .scheme = curve,
      .private_key = private_key,
      .public_key = test::part(private_key, private_key.size() - key.point_bytes, key.point_bytes),
      .plain = pattern(field_bytes, 4),
      .longest_bytes = longest_signature(field_bytes)};
  add(subjects, fmt::format("ECDSA {}", key.group), part, {OperationKind::kSign, OperationKind::kVerify});
}

test::AkcipherSubject on_wire(const Subject& subject) {
  constexpr std::uint32_t kPublic = 1, kPrivate = 2;          // 5.9.9.2.1.5
  constexpr std::uint32_t kRaw = 0, kPkcs1 = 1, kSha256 = 6;  // RSA
  constexpr std::uint32_t kFirstCurve = 1;                    // P-192
  const std::uint32_t key_type = key_type_of(subject) == KeyType::kPrivate ? kPrivate : kPublic;
  if (const auto* curve = std::get_if<Curve>(&subject.asymmetric->scheme))
    return test::EcdsaSubject{key_type, kFirstCurve + static_cast<std::uint32_t>(*curve), key_of(subject)};
  const bool raw = std::get<RsaPadding>(subject.asymmetric->scheme) == RsaPadding::kRaw;
  return test::RsaSubject{key_type, raw ? kRaw : kPkcs1, raw ? 0 : kSha256, key_of(subject)};
}

std::uint32_t opcode_of(OperationKind kind) {
  return kind == OperationKind::kSign      ? number::kAkcipherSign
         : kind == OperationKind::kEncrypt ? number::kAkcipherEncrypt
                                           : number::kAkcipherDecrypt;
}

bool is_raw(const AsymmetricPart& part) {
  const auto* const padding = std::get_if<RsaPadding>(&part.scheme);
  return padding != nullptr && *padding == RsaPadding::kRaw;
}

Subject with_kind(Subject subject, OperationKind kind) {
  subject.kind = kind;
  return subject;
}

}  // namespace

void add_asymmetric(std::vector<Subject>& subjects) {
  for (const test::RsaKeyText& key : test::rsa_keys()) {
    if (key.bits == 2048 || key.bits == 4096) add_rsa(subjects, key);
  }
  add_ecdsa(subjects, Curve::kP256);
  add_ecdsa(subjects, Curve::kP384);
}

crypto::SessionParameters asymmetric_parameters(const Subject& subject) {
  const AsymmetricPart& part = *subject.asymmetric;
  if (const auto* curve = std::get_if<Curve>(&part.scheme))
    return crypto::EcdsaParameters{key_type_of(subject), *curve, key_of(subject)};
  return crypto::RsaParameters{key_type_of(subject), std::get<RsaPadding>(part.scheme),
                               is_raw(part) ? crypto::HashAlgorithm::kNone : crypto::HashAlgorithm::kSha256,
                               key_of(subject)};
}

test::Request create_asymmetric(const Subject& subject, test::Layout layout) {
  return std::visit([layout](const auto& each) { return create_request(layout, each); }, on_wire(subject));
}

test::Request request_asymmetric(const Subject& subject, const test::Target& target,
                                 std::span<const std::byte> input) {
  if (subject.kind == OperationKind::kVerify)
    return verify_request(target, on_wire(subject), input, subject.verified_digest());
  return akcipher_request(target, on_wire(subject), opcode_of(subject.kind), input,
                          subject.asymmetric->longest_bytes);
}

test::Bytes asymmetric_text(const Subject& subject, const crypto::Engine& engine) {
  const Bytes& plain = subject.asymmetric->plain;
  if (subject.kind == OperationKind::kVerify)
    return sure_result_of(engine, with_kind(subject, OperationKind::kSign), plain);
  if (subject.kind == OperationKind::kDecrypt)
    return sure_result_of(engine, with_kind(subject, OperationKind::kEncrypt), plain);
  return plain;
}

std::optional<Subject> inverse_of(const Subject& subject) {
  if (!subject.asymmetric) return std::nullopt;
  if (subject.kind == OperationKind::kSign) return with_kind(subject, OperationKind::kVerify);
  if (subject.kind == OperationKind::kEncrypt) return with_kind(subject, OperationKind::kDecrypt);
  return std::nullopt;
}

// ECDSA has a random number of its own in each signature, or makes one of key and digest (RFC 6979).
bool is_deterministic(const Subject& subject) {
  if (!subject.asymmetric || is_raw(*subject.asymmetric)) return true;
  if (subject.kind == OperationKind::kSign) return is_rsa(*subject.asymmetric);
  return subject.kind != OperationKind::kEncrypt;
}

}  // namespace virtcrypt::bench
