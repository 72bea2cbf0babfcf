// Published vectors of every algorithm through the draft's device.
#include <set>
#include <string>

#include "tests/driver/algorithm_rows.h"
#include "tests/published/rfc_v2_known_answers.h"
#include "tests/published/symmetric_vectors.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rfc_v2;

namespace {

// The names of rows carry a key length where there are several rows of one algorithm.
template <typename Row>
void check_all_seen(std::span<const Row> rows, const std::set<std::string>& seen) {
  std::set<std::uint32_t> numbers;
  for (const Row& row : rows) {
    INFO(row.name);
    if (numbers.insert(row.algorithm).second) CHECK(seen.count(row.name) == 1);
  }
}

}  // namespace

TEST_CASE("RFC v2: every algorithm's published vectors, truncated, verified, spoiled",
          "[crypto][rfc-v2][published][G-04][G-13][G-14][G-41][G-45]") {
  Bench bench;
  std::set<std::string> seen;
  for (const KnownAnswer& known : known_answers()) {
    INFO(known.algorithm << ": " << known.what);
    if (known.status == kOk) seen.insert(known.algorithm);
    Data data = known.data;
    data.header.session = bench.open(known.session);
    const Answer answer = bench.call(data);
    CHECK(answer.status() == known.status);
    CHECK(part(answer.written, 0, answer.written.size() - 1) == known.result);
    CHECK(bench.close(data.header.session) == kOk);
  }
  check_all_seen(cipher_rows(), seen);
  check_all_seen(hash_rows(), seen);
  check_all_seen(mac_rows(), seen);
  check_all_seen(aead_rows(), seen);
}

TEST_CASE("RFC v2: a tag stands right before the status, behind zeros", "[crypto][rfc-v2][G-11][G-12]") {
  Bench bench;
  const auto& vector = tests::aead_vectors().front();
  constexpr std::uint32_t kGcm = 1;
  REQUIRE(vector.algorithm == crypto::AeadAlgorithm::kAesGcm);
  const Bytes plaintext = from_hex(vector.plaintext), tag = from_hex(vector.tag);
  const Session seal = aead_session(kGcm, from_hex(vector.key), kEncrypt, tag.size());
  constexpr std::size_t kGap = 21;
  Data data = data_of(bench.open(seal), from_hex(vector.iv), plaintext, from_hex(vector.aad),
                      plaintext.size() + kGap, tag.size());
  const Answer answer = bench.call(data);
  CHECK(answer.used_length == plaintext.size() + kGap + tag.size() + 1);
  CHECK(answer.written == joined(joined(joined(from_hex(vector.ciphertext), Bytes(kGap)), tag), Bytes(1)));
}
