// Published test vectors of every symmetric algorithm, through the rings, in all three layouts. The files of
// NIST's CAVP run besides (tests/vectors).
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/published/symmetric_vectors.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

// The number on the wire of an algorithm, by its name; 0 when the tables of requests lack it.
template <typename Row>
std::uint32_t number_of(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row.algorithm;
  }
  return 0;
}

class Bench {
 public:
  explicit Bench(Layout layout) : layout_(layout), driver_(polled_device(), options(layout)) {}

  // A session with the subject, or none; then the request that `make` builds for it.
  template <typename Subject, typename Make>
  Answer run(const Subject& subject, const Make& make) {
    if (layout_ == Layout::kStateless) return driver_.call(0, make(Target{layout_, 0}));
    const auto created = driver_.create(create_request(layout_, subject));
    REQUIRE(created.status == kOk);
    Answer answer = driver_.call(0, make(Target{layout_, created.id}));
    driver_.reset();
    REQUIRE(driver_.start());
    return answer;
  }

 private:
  static DriverOptions options(Layout layout) {
    DriverOptions made;
    made.features |= features_of(layout);
    return made;
  }

  Layout layout_;
  CryptoDriver driver_;
};

Bytes output_of(const Answer& answer) {
  REQUIRE(int{answer.status()} == kOk);
  return {answer.written.begin(), answer.written.end() - 1};
}

constexpr Layout kLayouts[] = {Layout::kPadded, Layout::kRevision1, Layout::kStateless};

template <typename Row>
void check_all_seen(std::span<const Row> rows, const std::set<std::uint32_t>& seen) {
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(seen.count(row.algorithm) == 1);
  }
}

}  // namespace

TEST_CASE("Published vectors: every cipher, both directions, through the rings",
          "[crypto][standard][published]") {
  std::set<std::uint32_t> seen;
  for (const Layout layout : kLayouts) {
    Bench bench(layout);
    for (const auto& vector : tests::cipher_vectors()) {
      INFO(name_of(vector.algorithm) << ", " << vector.origin);
      const std::uint32_t number = number_of(cipher_rows(), name_of(vector.algorithm));
      seen.insert(number);
      const Bytes key = from_hex(vector.key), iv = from_hex(vector.iv);
      const Bytes plaintext = from_hex(vector.plaintext), ciphertext = from_hex(vector.ciphertext);
      for (const std::uint32_t op : {kEncrypt, kDecrypt}) {
        const Bytes& from = op == kEncrypt ? plaintext : ciphertext;
        const Bytes& to = op == kEncrypt ? ciphertext : plaintext;
        const CipherSubject subject{.algorithm = number, .op = op, .key = key};
        const Answer answer = bench.run(subject, [&](const Target& target) {
          return cipher_request(target, subject, iv, from, from.size());
        });
        CHECK(output_of(answer) == to);
      }
    }
  }
  check_all_seen(cipher_rows(), seen);
}

TEST_CASE("Published vectors: every hash, through the rings", "[crypto][standard][published]") {
  std::set<std::uint32_t> seen;
  for (const Layout layout : kLayouts) {
    Bench bench(layout);
    for (const auto& vector : tests::hash_vectors()) {
      INFO(name_of(vector.algorithm) << ", " << vector.origin);
      const std::uint32_t number = number_of(hash_rows(), name_of(vector.algorithm));
      seen.insert(number);
      const Bytes text = from_hex(vector.text), digest = from_hex(vector.digest);
      const HashSubject subject{.algorithm = number,
                                .result_bytes = static_cast<std::uint32_t>(digest.size())};
      CHECK(output_of(bench.run(subject, [&](const Target& target) {
              return hash_request(target, subject, text, digest.size());
            })) == digest);
    }
  }
  check_all_seen(hash_rows(), seen);
}

TEST_CASE("Published vectors: every MAC, through the rings", "[crypto][standard][published]") {
  std::set<std::uint32_t> seen;
  for (const Layout layout : kLayouts) {
    Bench bench(layout);
    for (const auto& vector : tests::mac_vectors()) {
      INFO(name_of(vector.algorithm) << ", " << vector.origin);
      const std::uint32_t number = number_of(mac_rows(), name_of(vector.algorithm));
      seen.insert(number);
      const Bytes key = from_hex(vector.key), text = from_hex(vector.text), digest = from_hex(vector.digest);
      const MacSubject subject{
          .algorithm = number, .result_bytes = static_cast<std::uint32_t>(digest.size()), .key = key};
      CHECK(output_of(bench.run(subject, [&](const Target& target) {
              return mac_request(target, subject, text, digest.size());
            })) == digest);
    }
  }
  check_all_seen(mac_rows(), seen);
}

TEST_CASE("Published vectors: every AEAD, both directions and a spoiled tag, through the rings",
          "[crypto][standard][published]") {
  std::set<std::uint32_t> seen;
  for (const Layout layout : kLayouts) {
    Bench bench(layout);
    for (const auto& vector : tests::aead_vectors()) {
      INFO(name_of(vector.algorithm) << ", " << vector.origin);
      const std::uint32_t number = number_of(aead_rows(), name_of(vector.algorithm));
      seen.insert(number);
      const Bytes key = from_hex(vector.key), iv = from_hex(vector.iv), aad = from_hex(vector.aad);
      const Bytes plaintext = from_hex(vector.plaintext);
      Bytes sealed = from_hex(vector.ciphertext);
      const Bytes tag = from_hex(vector.tag);
      sealed.insert(sealed.end(), tag.begin(), tag.end());
      AeadSubject subject{.algorithm = number,
                          .op = kEncrypt,
                          .tag_bytes = static_cast<std::uint32_t>(tag.size()),
                          .aad_bytes = static_cast<std::uint32_t>(aad.size()),
                          .key = key};
      CHECK(output_of(bench.run(subject, [&](const Target& target) {
              return aead_request(target, subject, iv, plaintext, aad, sealed.size());
            })) == sealed);
      subject.op = kDecrypt;
      const auto open = [&](const Target& target) {
        return aead_request(target, subject, iv, sealed, aad, plaintext.size());
      };
      CHECK(output_of(bench.run(subject, open)) == plaintext);
      sealed.back() ^= std::byte{1};
      CHECK(int{bench.run(subject, open).status()} == kBadMsg);
    }
  }
  check_all_seen(aead_rows(), seen);
}
