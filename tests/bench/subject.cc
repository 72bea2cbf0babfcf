#include "tests/bench/subject.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/bench/asymmetric_subject.h"
#include "tests/bench/chain_subject.h"
#include "tests/bench/operations.h"
#include "tests/driver/algorithm_rows.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::bench {
namespace {

using crypto::OperationKind;
using test::Bytes;

constexpr std::size_t kAadBytes = 16;  // as much as IPsec and TLS send along

// Rows of the driver's tables name the key length behind the algorithm.
std::string_view algorithm_name(std::string_view row_name) {
  return row_name.substr(0, row_name.find(' '));
}

template <typename Row>
auto algorithm_of(const std::vector<Row>& table, std::string_view name) {
  const auto row = std::find_if(table.begin(), table.end(),
                                [&](const Row& each) { return each.name == algorithm_name(name); });
  if (row == table.end()) throw std::logic_error(fmt::format("no engine has {}", name));
  return row->algorithm;
}

const crypto::Engine& engine() {
  static const std::unique_ptr<crypto::Engine> instance = crypto::make_default_engine();
  return *instance;
}

std::uint32_t op_of(OperationKind kind) {
  return kind == OperationKind::kEncrypt ? test::wire_number::kEncrypt : test::wire_number::kDecrypt;
}

crypto::Direction direction_of(OperationKind kind) {
  return kind == OperationKind::kEncrypt ? crypto::Direction::kEncrypt : crypto::Direction::kDecrypt;
}

constexpr std::array kBothWays{OperationKind::kEncrypt, OperationKind::kDecrypt};

void add_ciphers(std::vector<Subject>& subjects) {
  for (const test::CipherRow& row : test::cipher_rows()) {
    for (const OperationKind kind : kBothWays) {
      subjects.push_back({.service = "CIPHER",
                          .name = row.name,
                          .kind = kind,
                          .unit = row.block_bytes,
                          .least_bytes = row.least_bytes,
                          .key = pattern(row.key_bytes, 1),
                          .iv = pattern(row.iv_bytes, 2),
                          .aad = {},
                          .algorithm = row.algorithm});
    }
  }
}

void add_aeads(std::vector<Subject>& subjects) {
  for (const test::AeadRow& row : test::aead_rows()) {
    for (const OperationKind kind : kBothWays) {
      subjects.push_back({.service = "AEAD",
                          .name = row.name,
                          .kind = kind,
                          .key = pattern(row.key_bytes, 1),
                          .iv = pattern(row.iv_bytes, 2),
                          .aad = pattern(kAadBytes, 3),
                          .tag_bytes = static_cast<std::uint32_t>(row.tag_bytes),
                          .algorithm = row.algorithm});
    }
  }
}

void add_digests(std::vector<Subject>& subjects) {
  for (const test::HashRow& row : test::hash_rows()) {
    subjects.push_back({.service = "HASH",
                        .name = row.name,
                        .kind = OperationKind::kDigest,
                        .key = {},
                        .iv = {},
                        .aad = {},
                        .digest_bytes = static_cast<std::uint32_t>(row.digest_bytes),
                        .algorithm = row.algorithm});
  }
  for (const test::MacRow& row : test::mac_rows()) {
    subjects.push_back({.service = "MAC",
                        .name = row.name,
                        .kind = OperationKind::kDigest,
                        .unit = row.block_bytes,
                        .least_bytes = row.least_bytes,
                        .key = pattern(row.key_bytes, 1),
                        .iv = {},
                        .aad = {},
                        .digest_bytes = static_cast<std::uint32_t>(row.digest_bytes),
                        .algorithm = row.algorithm});
  }
}

// What the text is sealed to.
Bytes sealed(const Subject& opening, const Bytes& plain) {
  Subject sealing = opening;
  sealing.kind = OperationKind::kEncrypt;
  return sure_result_of(engine(), sealing, plain);
}

}  // namespace

Bytes pattern(std::size_t count, unsigned start) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>(i * 7 + start);
  return bytes;
}

std::string Subject::title() const {
  switch (kind) {
    case OperationKind::kEncrypt:
      return name + " encrypt";
    case OperationKind::kDecrypt:
      return name + " decrypt";
    case OperationKind::kSign:
      return name + " sign";
    case OperationKind::kVerify:
      return name + " verify";
    default:
      return name;
  }
}

crypto::SessionParameters Subject::parameters() const {
  if (chain) return chain_parameters(*this);
  if (asymmetric) return asymmetric_parameters(*this);
  const crypto::Capabilities& has = engine().capabilities();
  if (service == "CIPHER")
    return crypto::CipherParameters{algorithm_of(has.ciphers, name), direction_of(kind), key};
  if (service == "AEAD")
    return crypto::AeadParameters{algorithm_of(has.aeads, name), direction_of(kind), tag_bytes, key};
  if (service == "HASH") return crypto::HashParameters{algorithm_of(has.hashes, name), digest_bytes};
  return crypto::MacParameters{algorithm_of(has.macs, name), digest_bytes, key};
}

test::Request Subject::create(test::Layout layout) const {
  if (chain) return create_request(layout, chain_on_wire(*this));
  if (asymmetric) return create_asymmetric(*this, layout);
  if (service == "CIPHER") return create_request(layout, test::CipherSubject{algorithm, op_of(kind), key});
  if (service == "AEAD") {
    const auto aad_bytes = static_cast<std::uint32_t>(aad.size());
    return create_request(layout, test::AeadSubject{algorithm, op_of(kind), tag_bytes, aad_bytes, key});
  }
  if (service == "HASH") return create_request(layout, test::HashSubject{algorithm, digest_bytes});
  return create_request(layout, test::MacSubject{algorithm, digest_bytes, key});
}

test::Request Subject::destroy(test::Layout layout, std::uint64_t session) const {
  namespace number = test::wire_number;
  const std::uint32_t opcode = service == "CIPHER" ? number::kCipherDestroy
                               : service == "AEAD" ? number::kAeadDestroy
                               : service == "HASH" ? number::kHashDestroy
                               : service == "MAC"  ? number::kMacDestroy
                               : chain             ? number::kCipherDestroy
                                                   : number::kAkcipherDestroy;
  return destroy_request(layout, opcode, session);
}

test::Request Subject::request(const test::Target& target, std::span<const std::byte> input) const {
  if (chain) return request_chain(*this, target, input);
  if (asymmetric) return request_asymmetric(*this, target, input);
  const std::size_t room = result_bytes(input.size());
  if (service == "CIPHER") return cipher_request(target, {algorithm, op_of(kind), key}, iv, input, room);
  if (service == "AEAD") {
    const auto aad_bytes = static_cast<std::uint32_t>(aad.size());
    return aead_request(target, {algorithm, op_of(kind), tag_bytes, aad_bytes, key}, iv, input, aad, room);
  }
  if (service == "HASH") return hash_request(target, {algorithm, digest_bytes}, input, room);
  return mac_request(target, {algorithm, digest_bytes, key}, input, room);
}

test::Bytes Subject::text(std::size_t bytes) const {
  if (asymmetric) return asymmetric_text(*this, engine());
  const Bytes plain = pattern(bytes, 4);
  return service == "AEAD" && kind == OperationKind::kDecrypt ? sealed(*this, plain) : plain;
}

std::size_t Subject::result_bytes(std::size_t input_bytes) const {
  if (asymmetric) return kind == OperationKind::kVerify ? 0 : asymmetric->longest_bytes;
  if (chain) return input_bytes + digest_bytes;
  if (kind == OperationKind::kDigest) return digest_bytes;
  if (service != "AEAD") return input_bytes;
  return kind == OperationKind::kEncrypt ? input_bytes + tag_bytes : input_bytes - tag_bytes;
}

std::span<const std::byte> Subject::verified_digest() const {
  if (kind != OperationKind::kVerify) return {};
  return asymmetric->plain;
}

std::vector<Subject> all_subjects() {
  std::vector<Subject> subjects;
  add_ciphers(subjects);
  add_digests(subjects);
  add_aeads(subjects);
  add_chains(subjects);
  add_asymmetric(subjects);
  return subjects;
}

}  // namespace virtcrypt::bench
