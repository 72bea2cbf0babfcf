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

// SP 800-38A, appendix F: the four blocks that all its examples share.
const char* const kPlaintext =
    "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";
const char* const kKey128 = "2b7e151628aed2a6abf7158809cf4f3c";
const char* const kKey192 = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";
const char* const kKey256 = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
const char* const kCbcIv = "000102030405060708090a0b0c0d0e0f";
const char* const kCounter = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

struct Example {
  CipherAlgorithm algorithm;
  const char* key;
  const char* iv;
  const char* ciphertext;
};

// F.1.1, F.1.3, F.1.5, F.2.1, F.2.3, F.2.5, F.5.1, F.5.3, F.5.5.
const Example kExamples[] = {
    {CipherAlgorithm::kAesEcb, kKey128, "",
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
     "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
    {CipherAlgorithm::kAesEcb, kKey192, "",
     "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
     "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"},
    {CipherAlgorithm::kAesEcb, kKey256, "",
     "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
     "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"},
    {CipherAlgorithm::kAesCbc, kKey128, kCbcIv,
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
     "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
    {CipherAlgorithm::kAesCbc, kKey192, kCbcIv,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
     "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
    {CipherAlgorithm::kAesCbc, kKey256, kCbcIv,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
     "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
    {CipherAlgorithm::kAesCtr, kKey128, kCounter,
     "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
     "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
    {CipherAlgorithm::kAesCtr, kKey192, kCounter,
     "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
     "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
    {CipherAlgorithm::kAesCtr, kKey256, kCounter,
     "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
     "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
};

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

TEST_CASE("AES: SP 800-38A appendix F, both directions", "[crypto][aes][sp800-38a]") {
  const Example example = GENERATE(from_range(std::begin(kExamples), std::end(kExamples)));
  const Bytes key = from_hex(example.key);
  const Bytes iv = from_hex(example.iv);
  const Bytes plaintext = from_hex(kPlaintext);
  const Bytes ciphertext = from_hex(example.ciphertext);
  CAPTURE(name_of(example.algorithm), key.size());
  CHECK(encrypt(example.algorithm, key, iv, plaintext) == ciphertext);
  CHECK(decrypt(example.algorithm, key, iv, ciphertext) == plaintext);
}

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
  const Bytes key = from_hex(kKey256);
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
    const auto session = cipher_session(row.algorithm, Direction::kEncrypt, from_hex(kKey128));
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
    const auto session = cipher_session(row.algorithm, Direction::kDecrypt, from_hex(kKey128));
    const Result result = run(session, OperationKind::kDecrypt, pattern(length), length, Bytes(row.iv_bytes));
    CHECK(result.outcome == (row.algorithm == CipherAlgorithm::kAesCtr ? Outcome::kOk : Outcome::kFailed));
  }
}

TEST_CASE("AES: an IV of the wrong length fails and writes nothing", "[crypto][aes]") {
  const std::size_t iv_bytes = GENERATE(0, 1, 12, 15, 16, 17, 32);
  CAPTURE(iv_bytes);
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const auto session = cipher_session(row.algorithm, Direction::kEncrypt, from_hex(kKey128));
    const Result result = run(session, OperationKind::kEncrypt, pattern(16), 16, Bytes(iv_bytes));
    const bool fits = iv_bytes == row.iv_bytes;
    CHECK(result.outcome == (fits ? Outcome::kOk : Outcome::kFailed));
    CHECK(result.output.size() == (fits ? 16 : 0));
  }
}

TEST_CASE("AES: output shorter than input fails, longer is left alone behind the result", "[crypto][aes]") {
  for (const auto& row : engine().capabilities().ciphers) {
    CAPTURE(row.name);
    const auto session = cipher_session(row.algorithm, Direction::kEncrypt, from_hex(kKey128));
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
    const auto encrypting = cipher_session(row.algorithm, Direction::kEncrypt, from_hex(kKey128));
    const auto decrypting = cipher_session(row.algorithm, Direction::kDecrypt, from_hex(kKey128));
    CHECK(run(encrypting, OperationKind::kDecrypt, pattern(16), 16, iv).outcome == Outcome::kFailed);
    CHECK(run(decrypting, OperationKind::kEncrypt, pattern(16), 16, iv).outcome == Outcome::kFailed);
    CHECK(run(encrypting, OperationKind::kSign, pattern(16), 16, iv).outcome == Outcome::kNotSupported);
    CHECK(run(encrypting, OperationKind::kVerify, pattern(16), 16, iv).outcome == Outcome::kNotSupported);
  }
}
