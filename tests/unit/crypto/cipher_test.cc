// NIST's files for AES, counters, and the rules of the CIPHER service that no vector shows.
#include <algorithm>
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/crypto/subject.h"

using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::tests::Answer;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::pattern;
using virtcrypt::tests::read_cavp;
using virtcrypt::tests::Result;
using virtcrypt::tests::run;
using virtcrypt::tests::Subject;

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

// Calls check(row, subject) with every row and direction.
template <typename Check>
void for_each_subject(const Check& check) {
  for (const auto& row : engine().capabilities().ciphers) {
    for (const auto direction : {Direction::kEncrypt, Direction::kDecrypt}) {
      CAPTURE(row.name, direction == Direction::kEncrypt);
      check(row, Subject::of(row, direction, row.key_bytes.most));
    }
  }
}

}  // namespace

TEST_CASE("AES: NIST CAVP known-answer and multi-block files", "[crypto][cipher][cavp]") {
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

TEST_CASE("AES-CTR: RFC 3686 vectors, which end in partial blocks", "[crypto][cipher][rfc3686]") {
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

// SP 800-38A, B.1 with m = 64 and 128. ECB gives the key stream of each counter value.
TEST_CASE("CTR: the counter carries through the whole block and wraps to zero", "[crypto][cipher]") {
  struct Case {
    CipherAlgorithm ctr;
    CipherAlgorithm ecb;
    std::size_t key_bytes;
    const char* first;
  };
  using enum CipherAlgorithm;
  const auto& [ctr, ecb, key_bytes, first] = GENERATE(values<Case>({
      {kAesCtr, kAesEcb, 32, "ffffffffffffffffffffffffffffffff"},
      {kAesCtr, kAesEcb, 32, "00000000000000000000000000ffffff"},
      {kAesCtr, kAesEcb, 32, "0000000000000000fffffffffffffffe"},
      {kAesCtr, kAesEcb, 32, "fffffffffffffffffffffffffffffff0"},
      {kTripleDesCtr, kTripleDesEcb, 24, "ffffffffffffffff"},
      {kTripleDesCtr, kTripleDesEcb, 24, "00000000fffffffe"},
      {kTripleDesCtr, kTripleDesEcb, 16, "fffffffffffffff0"},
  }));
  CAPTURE(name_of(ctr), first);
  const Bytes key = pattern(key_bytes);
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
  const Bytes stream = encrypt(ecb, key, {}, counters);
  CHECK(encrypt(ctr, key, initial, Bytes(counters.size())) == stream);
}

// SP 800-67, 3.1.
TEST_CASE("3DES: a key of 16 bytes means that the third key is the first", "[crypto][cipher]") {
  const auto algorithm = GENERATE(CipherAlgorithm::kTripleDesEcb, CipherAlgorithm::kTripleDesCbc,
                                  CipherAlgorithm::kTripleDesCtr);
  const Bytes two = pattern(16);
  Bytes three = two;
  three.insert(three.end(), two.begin(), two.begin() + 8);
  const Bytes iv(algorithm == CipherAlgorithm::kTripleDesEcb ? 0 : 8);
  const Bytes text = pattern(80);
  CHECK(encrypt(algorithm, two, iv, text) == encrypt(algorithm, three, iv, text));
}

// SP 800-38E, 4.
TEST_CASE("AES-XTS: a text of more than 2^20 blocks fails", "[crypto][cipher]") {
  const auto session = cipher_session(CipherAlgorithm::kAesXts, Direction::kEncrypt, pattern(64));
  const Bytes text((std::size_t{16} << 20U) + 1);
  const auto outcome = [&](std::size_t bytes) {
    return run(session, OperationKind::kEncrypt, std::span(text).first(bytes), bytes, Bytes(16)).outcome;
  };
  CHECK(outcome(text.size() - 1) == Outcome::kOk);
  CHECK(outcome(text.size()) == Outcome::kFailed);
}

TEST_CASE("Cipher: each row takes exactly the lengths that its blocks and its least length allow",
          "[crypto][cipher]") {
  for_each_subject([](const auto& row, const Subject& subject) {
    for (std::size_t length = 0; length <= 70; ++length) {
      CAPTURE(length);
      const Bytes text = pattern(length);
      Bytes output(length, std::byte{0xee});
      const Answer answer = subject.run({text}, {output});
      const bool fits = length % row.block_bytes == 0 && length >= row.least_text_bytes;
      CHECK(answer.outcome == (fits ? Outcome::kOk : Outcome::kFailed));
      CHECK(answer.output_bytes == (fits ? length : 0));
      if (!fits) CHECK(output == Bytes(length, std::byte{0xee}));
    }
  });
}

TEST_CASE("Cipher: an IV of the wrong length fails and writes nothing", "[crypto][cipher]") {
  for_each_subject([](const auto& row, Subject subject) {
    const Bytes text = subject.input(48);
    for (std::size_t bytes = 0; bytes <= 33; ++bytes) {
      CAPTURE(bytes);
      subject.set_iv(Bytes(bytes));
      Bytes output(text.size(), std::byte{0xee});
      const bool fits = bytes == row.iv_bytes;
      CHECK(subject.run({text}, {output}).outcome == (fits ? Outcome::kOk : Outcome::kFailed));
      if (!fits) CHECK(output == Bytes(text.size(), std::byte{0xee}));
    }
  });
}

TEST_CASE("Cipher: output shorter than input fails, longer is left alone behind the result",
          "[crypto][cipher]") {
  for_each_subject([](const auto&, const Subject& subject) {
    const Bytes text = subject.input(64);
    Bytes output(text.size() + 1, std::byte{0xee});
    CHECK(subject.run({text}, {std::span(output).first(text.size() - 1)}).outcome == Outcome::kFailed);
    CHECK(subject.run({text}, {}).outcome == Outcome::kFailed);
    CHECK(output == Bytes(text.size() + 1, std::byte{0xee}));
    const Answer longer = subject.run({text}, {output});
    CHECK(longer.outcome == Outcome::kOk);
    CHECK(longer.output_bytes == text.size());
    CHECK(output.back() == std::byte{0xee});
  });
}

TEST_CASE("Cipher: an operation against the direction fails, another kind is not supported",
          "[crypto][cipher]") {
  for_each_subject([](const auto&, Subject subject) {
    const Bytes text = subject.input(64);
    Bytes output(text.size());
    const auto outcome = [&](OperationKind kind) {
      subject.set_kind(kind);
      return subject.run({text}, {output}).outcome;
    };
    const bool encrypts = subject.kind() == OperationKind::kEncrypt;
    CHECK(outcome(encrypts ? OperationKind::kDecrypt : OperationKind::kEncrypt) == Outcome::kFailed);
    CHECK(outcome(OperationKind::kDigest) == Outcome::kNotSupported);
    CHECK(outcome(OperationKind::kSign) == Outcome::kNotSupported);
    CHECK(outcome(OperationKind::kVerify) == Outcome::kNotSupported);
  });
}
