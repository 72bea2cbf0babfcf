// What the engine lists it takes, and nothing else. That each row works is shown by
// symmetric_vectors_test.cc.
#include <algorithm>
#include <string_view>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::AeadAlgorithm;
using virtcrypt::crypto::AeadParameters;
using virtcrypt::crypto::AkcipherAlgorithm;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::kMaxMacKeyBytes;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::RsaPadding;
using virtcrypt::crypto::SessionParameters;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::InputList;
using virtcrypt::tests::key_1024;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;
using virtcrypt::tests::public_der;
using virtcrypt::tests::rsa_session;
using virtcrypt::tests::RsaNumbers;
using virtcrypt::tests::run;

namespace {

// Calls check(number, listed) with each number that an algorithm may have and the rows that list it.
template <typename Algorithm, typename Rows, typename Check>
void for_each_number(const Rows& rows, const Check& check) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto algorithm = static_cast<Algorithm>(number);
    const auto listed =
        std::count_if(rows.begin(), rows.end(), [&](const auto& row) { return row.algorithm == algorithm; });
    CAPTURE(number);
    CHECK(listed <= 1);
    check(algorithm, listed == 1);
  }
}

void check_refused_unless(bool listed, const SessionParameters& parameters) {
  const auto session = engine().create_session(parameters);
  if (listed) return;
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error() == Outcome::kNotSupported);
}

}  // namespace

TEST_CASE("Engine: every row names its algorithm, its document and its engine", "[crypto][capabilities]") {
  const auto check_rows = [](const auto& rows) {
    for (const auto& row : rows) {
      CHECK(row.name == name_of(row.algorithm));
      CHECK_FALSE(row.source.empty());
      CAPTURE(row.engine);
      CHECK(engine().name().find(row.engine) != std::string_view::npos);
    }
  };
  const auto& capabilities = engine().capabilities();
  check_rows(capabilities.ciphers);
  check_rows(capabilities.hashes);
  check_rows(capabilities.macs);
  check_rows(capabilities.aeads);
  check_rows(capabilities.akciphers);
}

TEST_CASE("Engine: each algorithm has one row at most, and a number without a row is not supported",
          "[crypto][capabilities]") {
  const Bytes key(32);
  const auto& capabilities = engine().capabilities();
  for_each_number<CipherAlgorithm>(capabilities.ciphers, [&](CipherAlgorithm algorithm, bool listed) {
    check_refused_unless(listed, CipherParameters{algorithm, Direction::kEncrypt, key});
  });
  for_each_number<HashAlgorithm>(capabilities.hashes, [&](HashAlgorithm algorithm, bool listed) {
    check_refused_unless(listed, HashParameters{algorithm, 1});
  });
  for_each_number<MacAlgorithm>(capabilities.macs, [&](MacAlgorithm algorithm, bool listed) {
    check_refused_unless(listed, MacParameters{algorithm, 1, key});
  });
  for_each_number<AeadAlgorithm>(capabilities.aeads, [&](AeadAlgorithm algorithm, bool listed) {
    check_refused_unless(listed, AeadParameters{algorithm, Direction::kEncrypt, 16, key});
  });
}

// Which key lengths a row takes is all that it says about keys.
TEST_CASE("Engine: each row takes exactly the key lengths that it lists", "[crypto][capabilities]") {
  const Bytes keys = pattern(kMaxMacKeyBytes + 9);
  const auto check_lengths = [&](const auto& row, const auto& parameters_of) {
    for (std::size_t length = 0; length <= keys.size(); ++length) {
      CAPTURE(row.name, length);
      const auto session = engine().create_session(parameters_of(std::span(keys).first(length)));
      CHECK(session.has_value() == row.key_bytes.contains(length));
      if (!session) CHECK(session.error() == Outcome::kFailed);
    }
  };
  using Key = std::span<const std::byte>;
  const auto& capabilities = engine().capabilities();
  for (const auto& row : capabilities.ciphers) {
    check_lengths(row, [&](Key key) { return CipherParameters{row.algorithm, Direction::kEncrypt, key}; });
    check_lengths(row, [&](Key key) { return CipherParameters{row.algorithm, Direction::kDecrypt, key}; });
  }
  for (const auto& row : capabilities.macs)
    check_lengths(row, [&](Key key) { return MacParameters{row.algorithm, row.digest_bytes, key}; });
  for (const auto& row : capabilities.aeads) {
    check_lengths(row, [&](Key key) {
      return AeadParameters{row.algorithm, Direction::kDecrypt, row.tag_bytes.front(), key};
    });
  }
}

// 2^(bits-1) + 1 is no RSA modulus, but 2^3 below it is 8 modulo any modulus.
TEST_CASE("Engine: the RSA row holds at both ends of its range", "[crypto][capabilities]") {
  const auto& rows = engine().capabilities().akciphers;
  const auto rsa = std::find_if(rows.begin(), rows.end(),
                                [](const auto& row) { return row.algorithm == AkcipherAlgorithm::kRsa; });
  REQUIRE(rsa != rows.end());
  const auto& row = *rsa;
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
  const auto session = cipher_session(CipherAlgorithm::kAesCbc, Direction::kEncrypt, pattern(16));
  const Bytes der = public_der(key_1024());
  const auto rsa = rsa_session({KeyType::kPublic, RsaPadding::kRaw, HashAlgorithm::kNone, der});
  const Bytes text = pattern(16);
  const Bytes iv(16);
  const Bytes expected = run(session, OperationKind::kEncrypt, text, 16, iv).output;
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
  CHECK(outputs[0] == expected);
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
