// The published vectors, and that they leave no row out.
#include "tests/published/symmetric_vectors.h"

#include <algorithm>

#include "tests/driver/bytes.h"
#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::AeadParameters;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionPointer;
using virtcrypt::test::joined;
using virtcrypt::tests::aead_vectors;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_vectors;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::hash_vectors;
using virtcrypt::tests::InputList;
using virtcrypt::tests::mac_vectors;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::run;

namespace {

SessionPointer created(const virtcrypt::crypto::SessionParameters& parameters) {
  auto session = engine().create_session(parameters);
  REQUIRE(session.has_value());
  return *session;
}

Bytes run_aead(const virtcrypt::tests::AeadVector& vector, Direction direction, const Bytes& input,
               std::size_t room) {
  const Bytes key = from_hex(vector.key);
  const Bytes iv = from_hex(vector.iv);
  const Bytes aad = from_hex(vector.aad);
  const auto tag_bytes = static_cast<std::uint32_t>(from_hex(vector.tag).size());
  const auto session = created(AeadParameters{vector.algorithm, direction, tag_bytes, key});
  Bytes output(room);
  const InputList in{input};
  const InputList additional{aad};
  const OutputList out{output};
  Operation operation;
  operation.session = session.get();
  operation.kind = direction == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
  operation.input = in;
  operation.output = out;
  operation.aad = additional;
  operation.iv = iv;
  engine().execute({&operation, 1});
  CHECK(operation.outcome == Outcome::kOk);
  CHECK(operation.output_bytes == room);
  return output;
}

}  // namespace

TEST_CASE("Vectors: ciphers in both directions", "[crypto][vectors]") {
  for (const auto& vector : cipher_vectors()) {
    CAPTURE(name_of(vector.algorithm), vector.origin);
    const Bytes key = from_hex(vector.key);
    const Bytes iv = from_hex(vector.iv);
    const Bytes plaintext = from_hex(vector.plaintext);
    const Bytes ciphertext = from_hex(vector.ciphertext);
    const auto encrypting = created(CipherParameters{vector.algorithm, Direction::kEncrypt, key});
    const auto decrypting = created(CipherParameters{vector.algorithm, Direction::kDecrypt, key});
    CHECK(run(encrypting, OperationKind::kEncrypt, plaintext, plaintext.size(), iv).output == ciphertext);
    CHECK(run(decrypting, OperationKind::kDecrypt, ciphertext, ciphertext.size(), iv).output == plaintext);
  }
}

TEST_CASE("Vectors: hashes", "[crypto][vectors]") {
  for (const auto& vector : hash_vectors()) {
    CAPTURE(name_of(vector.algorithm), vector.origin);
    const Bytes digest = from_hex(vector.digest);
    const auto session = created(HashParameters{vector.algorithm, static_cast<std::uint32_t>(digest.size())});
    CHECK(run(session, OperationKind::kDigest, from_hex(vector.text), digest.size()).output == digest);
  }
}

TEST_CASE("Vectors: MACs", "[crypto][vectors]") {
  for (const auto& vector : mac_vectors()) {
    CAPTURE(name_of(vector.algorithm), vector.origin);
    const Bytes key = from_hex(vector.key);
    const Bytes digest = from_hex(vector.digest);
    const auto session =
        created(MacParameters{vector.algorithm, static_cast<std::uint32_t>(digest.size()), key});
    CHECK(run(session, OperationKind::kDigest, from_hex(vector.text), digest.size()).output == digest);
  }
}

TEST_CASE("Vectors: AEAD in both directions", "[crypto][vectors]") {
  for (const auto& vector : aead_vectors()) {
    CAPTURE(name_of(vector.algorithm), vector.origin);
    const Bytes plaintext = from_hex(vector.plaintext);
    const Bytes sealed = joined(from_hex(vector.ciphertext), from_hex(vector.tag));
    CHECK(run_aead(vector, Direction::kEncrypt, plaintext, sealed.size()) == sealed);
    CHECK(run_aead(vector, Direction::kDecrypt, sealed, plaintext.size()) == plaintext);
  }
}

// HMAC and ARC4 take keys of any length, which is no property of theirs to be tested one by one.
TEST_CASE("Vectors: every row and fixed key length has one", "[crypto][vectors][capabilities]") {
  constexpr std::size_t kManyLengths = 8;
  const auto covered = [](const auto& vectors, const auto& row, std::size_t key_bytes) {
    return std::any_of(vectors.begin(), vectors.end(), [&](const auto& vector) {
      return vector.algorithm == row.algorithm &&
             (key_bytes == 0 || from_hex(vector.key).size() == key_bytes);
    });
  };
  const auto check_keys = [&](const auto& vectors, const auto& rows) {
    for (const auto& row : rows) {
      const auto& keys = row.key_bytes;
      CAPTURE(row.name);
      CHECK(covered(vectors, row, 0));
      if ((keys.most - keys.least) / keys.step >= kManyLengths) continue;
      for (std::size_t bytes = keys.least; bytes <= keys.most; bytes += keys.step) {
        CAPTURE(bytes);
        CHECK(covered(vectors, row, bytes));
      }
    }
  };
  const auto& capabilities = engine().capabilities();
  check_keys(cipher_vectors(), capabilities.ciphers);
  check_keys(mac_vectors(), capabilities.macs);
  check_keys(aead_vectors(), capabilities.aeads);
  for (const auto& row : capabilities.hashes) {
    CAPTURE(row.name);
    const auto vectors = hash_vectors();
    CHECK(std::any_of(vectors.begin(), vectors.end(),
                      [&](const auto& vector) { return vector.algorithm == row.algorithm; }));
  }
}
