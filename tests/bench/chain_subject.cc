#include "tests/bench/chain_subject.h"

#include "tests/driver/wire_number.h"

namespace virtcrypt::bench {
namespace {

namespace number = test::wire_number;
using crypto::ChainOrder;
using crypto::CipherAlgorithm;
using crypto::Direction;
using crypto::HashAlgorithm;
using crypto::MacAlgorithm;
using crypto::OperationKind;

constexpr std::size_t kIvBytes = 16;

struct Row {
  const char* name;
  CipherAlgorithm cipher;
  std::uint32_t cipher_number;
  std::size_t key_bytes;
  std::size_t block_bytes;
  std::variant<HashAlgorithm, MacAlgorithm> hash;
  std::uint32_t hash_number;
  std::size_t mac_key_bytes;
  std::uint32_t digest_bytes;
};

// 5.9.3
constexpr std::uint32_t kHmacSha1 = 2, kHmacSha256 = 4, kSha256 = 4;

constexpr Row kRows[] = {
    {"AES-CBC 128 + HMAC-SHA1", CipherAlgorithm::kAesCbc, number::kAesCbc, 16, 16, MacAlgorithm::kHmacSha1,
     kHmacSha1, 20, 20},
    {"AES-CBC 128 + HMAC-SHA256", CipherAlgorithm::kAesCbc, number::kAesCbc, 16, 16,
     MacAlgorithm::kHmacSha256, kHmacSha256, 32, 32},
    {"AES-CBC 256 + HMAC-SHA256", CipherAlgorithm::kAesCbc, number::kAesCbc, 32, 16,
     MacAlgorithm::kHmacSha256, kHmacSha256, 32, 32},
    {"AES-CTR 128 + HMAC-SHA256", CipherAlgorithm::kAesCtr, number::kAesCtr, 16, 1, MacAlgorithm::kHmacSha256,
     kHmacSha256, 32, 32},
    {"AES-CBC 128 + SHA256", CipherAlgorithm::kAesCbc, number::kAesCbc, 16, 16, HashAlgorithm::kSha256,
     kSha256, 0, 32},
};

Subject subject_of(const Row& row, OperationKind kind) {
  const bool encrypts = kind == OperationKind::kEncrypt;
  return {.service = "CHAIN",
          .name = row.name,
          .kind = kind,
          .unit = row.block_bytes,
          .key = pattern(row.key_bytes, 1),
          .iv = pattern(kIvBytes, 2),
          .aad = {},
          .digest_bytes = row.digest_bytes,
          .algorithm = row.cipher_number,
          .chain = ChainPart{.order = encrypts ? ChainOrder::kCipherThenHash : ChainOrder::kHashThenCipher,
                             .cipher = row.cipher,
                             .hash = row.hash,
                             .hash_number = row.hash_number,
                             .mac_key = pattern(row.mac_key_bytes, 5)}};
}

}  // namespace

void add_chains(std::vector<Subject>& subjects) {
  for (const Row& row : kRows) {
    subjects.push_back(subject_of(row, OperationKind::kEncrypt));
    subjects.push_back(subject_of(row, OperationKind::kDecrypt));
  }
}

crypto::SessionParameters chain_parameters(const Subject& subject) {
  const ChainPart& chain = *subject.chain;
  const Direction direction =
      subject.kind == OperationKind::kEncrypt ? Direction::kEncrypt : Direction::kDecrypt;
  crypto::ChainParameters parameters{
      .order = chain.order, .cipher = {chain.cipher, direction, subject.key}, .hash = {}};
  if (const auto* mac = std::get_if<MacAlgorithm>(&chain.hash))
    parameters.hash = crypto::MacParameters{*mac, subject.digest_bytes, chain.mac_key};
  else
    parameters.hash = crypto::HashParameters{std::get<HashAlgorithm>(chain.hash), subject.digest_bytes};
  return parameters;
}

test::ChainSubject chain_on_wire(const Subject& subject) {
  constexpr std::uint32_t kHashThenCipher = 1, kCipherThenHash = 2;
  constexpr std::uint32_t kPlainHash = 1, kAuthenticated = 2;
  const ChainPart& chain = *subject.chain;
  return {
      .order = chain.order == ChainOrder::kHashThenCipher ? kHashThenCipher : kCipherThenHash,
      .hash_mode = std::holds_alternative<MacAlgorithm>(chain.hash) ? kAuthenticated : kPlainHash,
      .cipher = {.algorithm = subject.algorithm,
                 .op = subject.kind == OperationKind::kEncrypt ? number::kEncrypt : number::kDecrypt,
                 .key = subject.key},
      .hash = {.algorithm = chain.hash_number, .result_bytes = subject.digest_bytes, .key = chain.mac_key}};
}

test::Request request_chain(const Subject& subject, const test::Target& target,
                            std::span<const std::byte> input) {
  const auto bytes = static_cast<std::uint32_t>(input.size());
  return chain_request(target, chain_on_wire(subject),
                       {.iv = subject.iv,
                        .source = input,
                        .aad = {},
                        .room = input.size(),
                        .result_bytes = subject.digest_bytes,
                        .cipher_bytes = bytes,
                        .hash_bytes = bytes});
}

}  // namespace virtcrypt::bench
