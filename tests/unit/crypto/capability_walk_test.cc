// Everything that the engine lists works, and nothing else does: each row of its tables has an outside vector
// here.
#include <algorithm>
#include <map>
#include <set>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::AkcipherAlgorithm;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::RsaPadding;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::InputList;
using virtcrypt::tests::key_1024;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::public_der;
using virtcrypt::tests::rsa_session;
using virtcrypt::tests::RsaNumbers;
using virtcrypt::tests::run;

namespace {

struct Vector {
  const char* key;
  const char* iv;
  const char* plaintext;
  const char* ciphertext;
};

// SP 800-38A, first blocks of F.1.1, F.1.3, F.1.5, F.2.1, F.2.3, F.2.5, F.5.1, F.5.3, F.5.5, by algorithm and
// key length.
const char* const kKeys[] = {"2b7e151628aed2a6abf7158809cf4f3c",
                             "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                             "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"};
const char* const kText = "6bc1bee22e409f96e93d7e117393172a";
const char* const kCbcIv = "000102030405060708090a0b0c0d0e0f";
const char* const kCounter = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
const std::map<std::pair<CipherAlgorithm, std::size_t>, Vector> kVectors = {
    {{CipherAlgorithm::kAesEcb, 16}, {kKeys[0], "", kText, "3ad77bb40d7a3660a89ecaf32466ef97"}},
    {{CipherAlgorithm::kAesEcb, 24}, {kKeys[1], "", kText, "bd334f1d6e45f25ff712a214571fa5cc"}},
    {{CipherAlgorithm::kAesEcb, 32}, {kKeys[2], "", kText, "f3eed1bdb5d2a03c064b5a7e3db181f8"}},
    {{CipherAlgorithm::kAesCbc, 16}, {kKeys[0], kCbcIv, kText, "7649abac8119b246cee98e9b12e9197d"}},
    {{CipherAlgorithm::kAesCbc, 24}, {kKeys[1], kCbcIv, kText, "4f021db243bc633d7178183a9fa071e8"}},
    {{CipherAlgorithm::kAesCbc, 32}, {kKeys[2], kCbcIv, kText, "f58c4c04d6e5f1ba779eabfb5f7bfbd6"}},
    {{CipherAlgorithm::kAesCtr, 16}, {kKeys[0], kCounter, kText, "874d6191b620e3261bef6864990db6ce"}},
    {{CipherAlgorithm::kAesCtr, 24}, {kKeys[1], kCounter, kText, "1abc932417521ca24f2b0459fe7e6e0b"}},
    {{CipherAlgorithm::kAesCtr, 32}, {kKeys[2], kCounter, kText, "601ec313775789a5b7a7f504bbf3d228"}},
};

}  // namespace

TEST_CASE("Engine: every cipher row and key length passes a published vector in both directions",
          "[crypto][capabilities]") {
  std::size_t checked = 0;
  for (const auto& row : engine().capabilities().ciphers) {
    CHECK(row.name == name_of(row.algorithm));
    CHECK_FALSE(row.source.empty());
    for (std::size_t key_bytes = row.key_bytes.least; key_bytes <= row.key_bytes.most;
         key_bytes += row.key_bytes.step) {
      CAPTURE(row.name, key_bytes, checked++);
      const Vector& vector = kVectors.at({row.algorithm, key_bytes});
      const Bytes key = from_hex(vector.key);
      const Bytes iv = from_hex(vector.iv);
      REQUIRE(key.size() == key_bytes);
      REQUIRE(iv.size() == row.iv_bytes);
      const auto encrypting = cipher_session(row.algorithm, Direction::kEncrypt, key);
      const auto decrypting = cipher_session(row.algorithm, Direction::kDecrypt, key);
      CHECK(run(encrypting, OperationKind::kEncrypt, from_hex(vector.plaintext), 16, iv).output ==
            from_hex(vector.ciphertext));
      CHECK(run(decrypting, OperationKind::kDecrypt, from_hex(vector.ciphertext), 16, iv).output ==
            from_hex(vector.plaintext));
    }
  }
  CHECK(checked == kVectors.size());
}

TEST_CASE("Engine: each cipher algorithm has one row, and a number without a row is not supported",
          "[crypto][capabilities]") {
  std::set<CipherAlgorithm> listed;
  for (const auto& row : engine().capabilities().ciphers) {
    CHECK(listed.insert(row.algorithm).second);
  }
  const Bytes key(16);
  for (unsigned number = 0; number < 256; ++number) {
    const auto algorithm = static_cast<CipherAlgorithm>(number);
    const auto session = engine().create_session(CipherParameters{algorithm, Direction::kEncrypt, key});
    CAPTURE(number);
    CHECK(session.has_value() == (listed.count(algorithm) != 0));
    if (!session) CHECK(session.error() == Outcome::kNotSupported);
  }
}

// 2^(bits-1) + 1 is no RSA modulus, but 2^3 below it is 8 modulo any modulus.
TEST_CASE("Engine: the RSA row holds at both ends of its range", "[crypto][capabilities]") {
  REQUIRE(engine().capabilities().akciphers.size() == 1);
  const auto& row = engine().capabilities().akciphers.front();
  CHECK(row.algorithm == AkcipherAlgorithm::kRsa);
  CHECK(row.name == name_of(row.algorithm));
  CHECK_FALSE(row.source.empty());
  for (const std::uint32_t bits : {row.min_modulus_bits, row.max_modulus_bits}) {
    CAPTURE(bits);
    RsaNumbers key;
    key.n = Bytes(bits / 8);
    key.n.front() = std::byte{0x80};
    key.n.back() = std::byte{1};
    key.e = from_hex("03");
    const Bytes der = public_der(key);
    REQUIRE(der.size() <= row.max_key_bytes);
    const auto session = rsa_session({KeyType::kPublic, RsaPadding::kRaw, HashAlgorithm::kNone, der});
    Bytes eight(bits / 8);
    eight.back() = std::byte{8};
    CHECK(run(session, OperationKind::kEncrypt, from_hex("02"), bits / 8).output == eight);
  }
}

TEST_CASE("Engine: in a batch, operations that fail do not disturb the others", "[crypto][capabilities]") {
  const auto& vector = kVectors.at({CipherAlgorithm::kAesCbc, 16});
  const auto session = cipher_session(CipherAlgorithm::kAesCbc, Direction::kEncrypt, from_hex(vector.key));
  const Bytes der = public_der(key_1024());
  const auto rsa = rsa_session({KeyType::kPublic, RsaPadding::kRaw, HashAlgorithm::kNone, der});
  const Bytes text = from_hex(vector.plaintext);
  const Bytes iv = from_hex(vector.iv);
  std::vector<Bytes> outputs(4, Bytes(16));
  std::vector<OutputList> output_lists;
  for (Bytes& output : outputs) {
    output_lists.push_back({output});
  }
  const InputList input{text};
  std::vector<Operation> batch(4);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].session = session.get();
    batch[i].input = input;
    batch[i].output = output_lists[i];
    batch[i].iv = iv;
    batch[i].output_bytes = 999;
  }
  batch[1].iv = {};
  batch[2].session = rsa.get();  // output too short
  engine().execute(batch);
  CHECK(batch[0].outcome == Outcome::kOk);
  CHECK(batch[1].outcome == Outcome::kFailed);
  CHECK(batch[2].outcome == Outcome::kFailed);
  CHECK(batch[3].outcome == Outcome::kOk);
  CHECK(batch[0].output_bytes == 16);
  CHECK(batch[1].output_bytes == 0);
  CHECK(batch[2].output_bytes == 0);
  CHECK(outputs[0] == from_hex(vector.ciphertext));
  CHECK(outputs[1] == Bytes(16));
  CHECK(outputs[2] == Bytes(16));
  CHECK(outputs[3] == outputs[0]);
}

// The absolute value depends on the machine; the order does not.
TEST_CASE("Engine: estimates rise with text length and modulus", "[crypto][capabilities]") {
  const auto session = cipher_session(CipherAlgorithm::kAesCbc, Direction::kEncrypt, Bytes(16));
  const Bytes small_text(64);
  const Bytes large_text(65536);
  const InputList small_input{small_text};
  const InputList large_input{large_text};
  Operation small_operation;
  small_operation.session = session.get();
  small_operation.input = small_input;
  Operation large_operation = small_operation;
  large_operation.input = large_input;
  CHECK(engine().estimated_ns(small_operation) < engine().estimated_ns(large_operation));

  const Bytes open = public_der(key_1024());
  const Bytes secret = virtcrypt::tests::private_der(key_1024());
  const auto public_rsa = rsa_session({KeyType::kPublic, RsaPadding::kRaw, HashAlgorithm::kNone, open});
  const auto private_rsa = rsa_session({KeyType::kPrivate, RsaPadding::kRaw, HashAlgorithm::kNone, secret});
  Operation encrypts = small_operation;
  encrypts.session = public_rsa.get();
  Operation decrypts = small_operation;
  decrypts.session = private_rsa.get();
  decrypts.kind = OperationKind::kDecrypt;
  CHECK(engine().estimated_ns(small_operation) < engine().estimated_ns(encrypts));
  CHECK(engine().estimated_ns(encrypts) < engine().estimated_ns(decrypts));
}
