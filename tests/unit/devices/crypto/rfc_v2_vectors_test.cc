// Published vectors of every algorithm through the draft's device.
#include <set>
#include <string_view>

#include "tests/support/catch.h"
#include "tests/unit/crypto/symmetric_vectors.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rfc_v2;

namespace {

// The number on the wire of an algorithm, by its name: the draft's are the standard's (draft, G-02, G-03).
template <typename Row>
std::uint32_t number_of(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row.algorithm;
  }
  return 0;
}

template <typename Row>
void check_all_seen(std::span<const Row> rows, const std::set<std::uint32_t>& seen) {
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(seen.count(row.algorithm) == 1);
  }
}

constexpr std::size_t kGcmIvBytes = 12;  // draft, G-16

Session with_verification(Session session) {
  session.verify_digest = 1;
  return session;
}

// Hash range, then the digest that is expected.
Data verifying(const Bytes& text, const Bytes& digest) {
  Data data = data_of(0, {}, joined(text, digest), {}, 0, 0);
  data.header.hash_len = static_cast<std::uint32_t>(text.size());
  data.header.cipher_len = 0;
  return data;
}

std::uint8_t status_once(Bench& bench, const Session& session, Data data) {
  data.header.session = bench.open(session);
  const std::uint8_t status = bench.call(data).status();
  CHECK(bench.close(data.header.session) == kOk);
  return status;
}

// Digest, truncated digest, verification and its failure.
void check_digest(Bench& bench, const Session& session, const Bytes& text, const Bytes& digest) {
  CHECK(bench.once(session, data_of(0, {}, text, {}, 0, digest.size())) == digest);
  const Session verify = with_verification(session);
  CHECK(status_once(bench, verify, verifying(text, digest)) == kOk);
  Bytes wrong = digest;
  wrong.front() ^= std::byte{1};
  CHECK(status_once(bench, verify, verifying(text, wrong)) == kBadMsg);
  Session truncated = session;
  truncated.result_len = 1;
  CHECK(bench.once(truncated, data_of(0, {}, text, {}, 0, 1)) == part(digest, 0, 1));
}

}  // namespace

TEST_CASE("RFC v2: every cipher's published vectors, both directions", "[crypto][rfc-v2][published]") {
  Bench bench;
  std::set<std::uint32_t> seen;
  for (const auto& vector : tests::cipher_vectors()) {
    INFO(name_of(vector.algorithm) << ", " << vector.origin);
    const std::uint32_t number = number_of(cipher_rows(), name_of(vector.algorithm));
    seen.insert(number);
    const Bytes key = from_hex(vector.key), iv = from_hex(vector.iv);
    const Bytes plaintext = from_hex(vector.plaintext), ciphertext = from_hex(vector.ciphertext);
    CHECK(bench.once(cipher_session(number, key, kEncrypt),
                     data_of(0, iv, plaintext, {}, plaintext.size(), 0)) == ciphertext);
    CHECK(bench.once(cipher_session(number, key, kDecrypt),
                     data_of(0, iv, ciphertext, {}, ciphertext.size(), 0)) == plaintext);
  }
  check_all_seen(cipher_rows(), seen);
}

TEST_CASE("RFC v2: every hash's published vectors, whole, truncated and verified",
          "[crypto][rfc-v2][published][G-13][G-45]") {
  Bench bench;
  std::set<std::uint32_t> seen;
  for (const auto& vector : tests::hash_vectors()) {
    INFO(name_of(vector.algorithm) << ", " << vector.origin);
    const std::uint32_t number = number_of(hash_rows(), name_of(vector.algorithm));
    seen.insert(number);
    const Bytes digest = from_hex(vector.digest);
    check_digest(bench, hash_session(number, digest.size()), from_hex(vector.text), digest);
  }
  check_all_seen(hash_rows(), seen);
}

TEST_CASE("RFC v2: every MAC's published vectors, whole, truncated and verified",
          "[crypto][rfc-v2][published][G-13][G-45]") {
  Bench bench;
  std::set<std::uint32_t> seen;
  for (const auto& vector : tests::mac_vectors()) {
    INFO(name_of(vector.algorithm) << ", " << vector.origin);
    const std::uint32_t number = number_of(mac_rows(), name_of(vector.algorithm));
    seen.insert(number);
    const Bytes digest = from_hex(vector.digest);
    check_digest(bench, mac_session(number, from_hex(vector.key), digest.size()), from_hex(vector.text),
                 digest);
  }
  check_all_seen(mac_rows(), seen);
}

TEST_CASE("RFC v2: every AEAD's published vectors, both directions, and a spoiled tag",
          "[crypto][rfc-v2][published][G-04][G-14][G-41]") {
  Bench bench;
  std::set<std::uint32_t> seen;
  for (const auto& vector : tests::aead_vectors()) {
    INFO(name_of(vector.algorithm) << ", " << vector.origin);
    const std::uint32_t number = number_of(aead_rows(), name_of(vector.algorithm));
    const Bytes key = from_hex(vector.key), iv = from_hex(vector.iv), aad = from_hex(vector.aad);
    const Bytes plaintext = from_hex(vector.plaintext), tag = from_hex(vector.tag);
    Bytes sealed = joined(from_hex(vector.ciphertext), tag);
    const Session seal = aead_session(number, key, kEncrypt, tag.size());
    const Session open = aead_session(number, key, kDecrypt, tag.size());
    const Data sealing = data_of(0, iv, plaintext, aad, plaintext.size(), tag.size());
    if (vector.algorithm == crypto::AeadAlgorithm::kAesGcm && iv.size() != kGcmIvBytes) {
      CHECK(status_once(bench, seal, sealing) == kErr);
      continue;
    }
    seen.insert(number);
    CHECK(bench.once(seal, sealing) == sealed);
    const auto opening = [&] {
      Data data = data_of(0, iv, sealed, aad, plaintext.size(), 0);
      data.header.cipher_len = static_cast<std::uint32_t>(plaintext.size());
      return data;
    };
    CHECK(bench.once(open, opening()) == plaintext);
    sealed.back() ^= std::byte{1};
    Data spoiled = opening();
    spoiled.header.session = bench.open(open);
    const Answer answer = bench.call(spoiled);
    CHECK(answer.status() == kBadMsg);
    CHECK(part(answer.written, 0, plaintext.size()) == Bytes(plaintext.size()));
    CHECK(bench.close(spoiled.header.session) == kOk);
  }
  check_all_seen(aead_rows(), seen);
}

TEST_CASE("RFC v2: a tag stands right before the status, behind zeros", "[crypto][rfc-v2][G-11][G-12]") {
  Bench bench;
  const auto& vector = tests::aead_vectors().front();
  const std::uint32_t number = number_of(aead_rows(), name_of(vector.algorithm));
  const Bytes plaintext = from_hex(vector.plaintext), tag = from_hex(vector.tag);
  const Session seal = aead_session(number, from_hex(vector.key), kEncrypt, tag.size());
  constexpr std::size_t kGap = 21;
  Data data = data_of(bench.open(seal), from_hex(vector.iv), plaintext, from_hex(vector.aad),
                      plaintext.size() + kGap, tag.size());
  const Answer answer = bench.call(data);
  CHECK(answer.used_length == plaintext.size() + kGap + tag.size() + 1);
  CHECK(answer.written == joined(joined(joined(from_hex(vector.ciphertext), Bytes(kGap)), tag), Bytes(1)));
}
