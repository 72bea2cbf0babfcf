#include "virtcrypt/crypto/cryptopp_aes.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::pattern;
using virtcrypt::tests::read_cavp;
using virtcrypt::tests::Result;
using virtcrypt::tests::run;

namespace {

Bytes encrypt(CipherAlgorithm algorithm, const Bytes& key, const Bytes& iv, const Bytes& text) {
  const auto session = cipher_session(algorithm, Direction::kEncrypt, key);
  const Result result = run(session, OperationKind::kEncrypt, text, text.size(), iv);
  CHECK(result.outcome == Outcome::kOk);
  return result.output;
}

Bytes decrypt(CipherAlgorithm algorithm, const Bytes& key, const Bytes& iv, const Bytes& text) {
  const auto session = cipher_session(algorithm, Direction::kDecrypt, key);
  const Result result = run(session, OperationKind::kDecrypt, text, text.size(), iv);
  CHECK(result.outcome == Outcome::kOk);
  return result.output;
}

struct CavpFile {
  CipherAlgorithm algorithm;
  const char* path;
};

const CavpFile kCavpFiles[] = {
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBGFSbox128.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBGFSbox192.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBGFSbox256.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBKeySbox128.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBKeySbox192.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBKeySbox256.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBVarKey128.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBVarKey192.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBVarKey256.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBVarTxt128.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBVarTxt192.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBVarTxt256.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBMMT128.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBMMT192.rsp"},
    {CipherAlgorithm::kAesEcb, "ciphers/AES/ECB/ECBMMT256.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCGFSbox128.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCGFSbox192.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCGFSbox256.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCKeySbox128.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCKeySbox192.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCKeySbox256.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCVarKey128.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCVarKey192.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCVarKey256.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCVarTxt128.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCVarTxt192.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCVarTxt256.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCMMT128.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCMMT192.rsp"},
    {CipherAlgorithm::kAesCbc, "ciphers/AES/CBC/CBCMMT256.rsp"},
};

}  // namespace

TEST_CASE("AES: NIST CAVP known-answer and multi-block files", "[crypto][aes][cavp]") {
  const CavpFile file = GENERATE(from_range(std::begin(kCavpFiles), std::end(kCavpFiles)));
  CAPTURE(file.path);
  std::size_t encrypted = 0;
  std::size_t decrypted = 0;
  for (const char* const last : {"CIPHERTEXT", "PLAINTEXT"}) {
    const bool encrypts = std::string(last) == "CIPHERTEXT";
    for (const auto& test : read_cavp(file.path, last)) {
      if (test.section != (encrypts ? "ENCRYPT" : "DECRYPT")) continue;
      CAPTURE(test.text("COUNT"), test.section);
      const Bytes iv = test.values.count("IV") != 0 ? test.bytes("IV") : Bytes();
      if (encrypts) {
        CHECK(encrypt(file.algorithm, test.bytes("KEY"), iv, test.bytes("PLAINTEXT")) ==
              test.bytes("CIPHERTEXT"));
        ++encrypted;
      } else {
        CHECK(decrypt(file.algorithm, test.bytes("KEY"), iv, test.bytes("CIPHERTEXT")) ==
              test.bytes("PLAINTEXT"));
        ++decrypted;
      }
    }
  }
  CHECK(encrypted >= 5);
  CHECK(decrypted >= 5);
}

TEST_CASE("AES-CTR: RFC 3686 vectors, which end in partial blocks", "[crypto][aes][rfc3686]") {
  const char* const path = GENERATE("ciphers/AES/CTR/aes-128-ctr.txt", "ciphers/AES/CTR/aes-192-ctr.txt",
                                    "ciphers/AES/CTR/aes-256-ctr.txt");
  CAPTURE(path);
  for (const auto& test : read_cavp(path, "CIPHERTEXT")) {
    CAPTURE(test.text("COUNT"));
    const Bytes key = test.bytes("KEY");
    CHECK(encrypt(CipherAlgorithm::kAesCtr, key, test.bytes("IV"), test.bytes("PLAINTEXT")) ==
          test.bytes("CIPHERTEXT"));
    CHECK(decrypt(CipherAlgorithm::kAesCtr, key, test.bytes("IV"), test.bytes("CIPHERTEXT")) ==
          test.bytes("PLAINTEXT"));
  }
}

// SP 800-38A, B.1 with m = 128. ECB, checked above, gives the key stream of each counter value.
TEST_CASE("AES-CTR: the counter carries through all 128 bits and wraps to zero", "[crypto][aes][sp800-38a]") {
  const char* const first = GENERATE("ffffffffffffffffffffffffffffffff", "00000000000000000000000000ffffff",
                                     "0000000000000000fffffffffffffffe", "fffffffffffffffffffffffffffffff0");
  const Bytes key = pattern(32);
  const Bytes initial = from_hex(first);
  constexpr std::size_t kBlocks = 600;  // passes a wrap of the last byte twice more
  Bytes counters;
  Bytes counter = initial;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    counters.insert(counters.end(), counter.begin(), counter.end());
    for (auto digit = counter.rbegin(); digit != counter.rend(); ++digit) {
      *digit = static_cast<std::byte>(std::to_integer<unsigned>(*digit) + 1U);
      if (*digit != std::byte{0}) break;
    }
  }
  const Bytes stream = encrypt(CipherAlgorithm::kAesEcb, key, {}, counters);
  CHECK(encrypt(CipherAlgorithm::kAesCtr, key, initial, Bytes(counters.size())) == stream);
}

TEST_CASE("AES: a key of any length but 16, 24 or 32 bytes is refused", "[crypto][aes]") {
  const auto algorithm =
      GENERATE(CipherAlgorithm::kAesEcb, CipherAlgorithm::kAesCbc, CipherAlgorithm::kAesCtr);
  const Bytes key = pattern(64);
  for (std::size_t length = 0; length <= key.size(); ++length) {
    CAPTURE(length);
    const auto session = engine().create_session(
        CipherParameters{algorithm, Direction::kEncrypt, std::span<const std::byte>(key).first(length)});
    const bool accepted = length == 16 || length == 24 || length == 32;
    CHECK(session.has_value() == accepted);
    if (!session) CHECK(session.error() == Outcome::kFailed);
  }
}

TEST_CASE("AES: an algorithm that is not in the table is not supported", "[crypto][aes]") {
  const Bytes key = pattern(16);
  const auto session =
      engine().create_session(CipherParameters{static_cast<CipherAlgorithm>(200), Direction::kEncrypt, key});
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error() == Outcome::kNotSupported);
}

TEST_CASE("AES: no text gives no output and succeeds", "[crypto][aes]") {
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const auto session = cipher_session(row.algorithm, Direction::kEncrypt, pattern(16));
    const Result result = run(session, OperationKind::kEncrypt, {}, 0, Bytes(row.iv_bytes));
    CHECK(result.outcome == Outcome::kOk);
    CHECK(result.output.empty());
  }
}

TEST_CASE("AES: ECB and CBC refuse a partial block, CTR takes it", "[crypto][aes]") {
  const std::size_t length = GENERATE(range(1, 16)) + GENERATE(0, 16, 256);
  CAPTURE(length);
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const auto session = cipher_session(row.algorithm, Direction::kDecrypt, pattern(16));
    const Result result = run(session, OperationKind::kDecrypt, pattern(length), length, Bytes(row.iv_bytes));
    CHECK(result.outcome == (row.algorithm == CipherAlgorithm::kAesCtr ? Outcome::kOk : Outcome::kFailed));
  }
}

TEST_CASE("AES: an IV of the wrong length fails and writes nothing", "[crypto][aes]") {
  const std::size_t iv_bytes = GENERATE(0, 1, 12, 15, 16, 17, 32);
  CAPTURE(iv_bytes);
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const auto session = cipher_session(row.algorithm, Direction::kEncrypt, pattern(16));
    const Result result = run(session, OperationKind::kEncrypt, pattern(16), 16, Bytes(iv_bytes));
    const bool fits = iv_bytes == row.iv_bytes;
    CHECK(result.outcome == (fits ? Outcome::kOk : Outcome::kFailed));
    CHECK(result.output.size() == (fits ? 16 : 0));
  }
}

TEST_CASE("AES: output shorter than input fails, longer is left alone behind the result", "[crypto][aes]") {
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const auto session = cipher_session(row.algorithm, Direction::kEncrypt, pattern(16));
    const Bytes iv(row.iv_bytes);
    CHECK(run(session, OperationKind::kEncrypt, pattern(64), 63, iv).outcome == Outcome::kFailed);
    CHECK(run(session, OperationKind::kEncrypt, pattern(64), 0, iv).outcome == Outcome::kFailed);
    const Result longer = run(session, OperationKind::kEncrypt, pattern(64), 65, iv);
    CHECK(longer.outcome == Outcome::kOk);
    CHECK(longer.output.size() == 64);
  }
}

TEST_CASE("AES: an operation against the session's direction fails, a signature is not supported",
          "[crypto][aes]") {
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const Bytes iv(row.iv_bytes);
    const auto encrypting = cipher_session(row.algorithm, Direction::kEncrypt, pattern(16));
    const auto decrypting = cipher_session(row.algorithm, Direction::kDecrypt, pattern(16));
    CHECK(run(encrypting, OperationKind::kDecrypt, pattern(16), 16, iv).outcome == Outcome::kFailed);
    CHECK(run(decrypting, OperationKind::kEncrypt, pattern(16), 16, iv).outcome == Outcome::kFailed);
    CHECK(run(encrypting, OperationKind::kSign, pattern(16), 16, iv).outcome == Outcome::kNotSupported);
    CHECK(run(encrypting, OperationKind::kVerify, pattern(16), 16, iv).outcome == Outcome::kNotSupported);
  }
}
