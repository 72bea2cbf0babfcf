// Algorithm chaining, nested hashes and placement in memory by the draft, against OpenSSL's halves put
// together here.
#include <cstdint>
#include <random>

#include "tests/support/catch.h"
#include "tests/unit/crypto/openssl_opinion.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rfc_v2;
namespace openssl = virtcrypt::tests::openssl;

namespace {

constexpr std::uint32_t kAesCtr = 4, kSha256 = 4, kSha1 = 2, kSha512 = 6, kHmacSha1 = 2;
constexpr std::uint8_t kStatusByte = 1;

struct Halves {
  std::uint32_t order;
  std::uint8_t op;
  bool keyed;
  bool verifies;
};

// M as the ranges of a header lie in it, cipher output in place where the order says so.
Bytes hashed_text(const Halves& halves, const Data& data, const Bytes& changed) {
  Bytes memory = data.memory;
  if (halves.order == kCipherThenHash)
    std::copy(changed.begin(), changed.end(), memory.begin() + data.header.cipher_start);
  return part(memory, data.header.hash_start, data.header.hash_len);
}

class Expectation {
 public:
  Expectation(const Halves& halves, const Data& data, const Bytes& key, const Bytes& mac_key) {
    const Header& header = data.header;
    const Bytes iv = part(data.memory, header.iv_offset, header.iv_len);
    text = openssl::cipher("AES-128-CTR", halves.op == kEncrypt, key, iv,
                           part(data.memory, header.cipher_start, header.cipher_len))
               .value();
    const Bytes hashed = hashed_text(halves, data, text);
    const Bytes aad = part(data.memory, header.auth_offset, header.auth_len);
    digest = halves.keyed ? openssl::mac("HMAC", "SHA1", mac_key, {}, joined(aad, hashed)).value()
                          : openssl::digest("SHA2-256", hashed, 32).value();
  }
  Bytes text;
  Bytes digest;
};

}  // namespace

TEST_CASE("RFC v2: chains in both orders and directions, everything anywhere in memory",
          "[crypto][rfc-v2][chain][G-08][G-10][G-12][G-13][G-17][G-18]") {
  const bool packed = GENERATE(false, true);
  Bench bench(draft_device(), draft_driver(0, packed));
  std::mt19937_64 random(packed ? 5 : 4);
  const auto below = [&](std::uint64_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  for (int round = 0; round < 300; ++round) {
    const Halves halves{.order = 1 + below(2),
                        .op = static_cast<std::uint8_t>(1 + below(2)),
                        .keyed = below(2) == 0,
                        .verifies = below(2) == 0};
    INFO("round " << round << ", order " << halves.order << ", verifies " << halves.verifies);
    const Bytes key = random_bytes(random, 16), mac_key = random_bytes(random, 1 + below(70));
    const std::uint32_t digest_bytes = halves.keyed ? 20 : 32;
    Session session = chain_session(
        halves.order, cipher_session(kAesCtr, key, halves.op),
        halves.keyed ? mac_session(kHmacSha1, mac_key, digest_bytes) : hash_session(kSha256, digest_bytes));
    session.verify_digest = halves.verifies ? 1 : 0;
    session.aad_len = halves.keyed ? 40 : 0;

    Data data;
    data.memory = random_bytes(random, 120 + below(100));
    const auto all = static_cast<std::uint32_t>(data.memory.size());
    Header& header = data.header;
    header.session = bench.open(session);
    header.source_len = all;
    header.iv_len = 16;
    header.iv_offset = below(all - 16);
    header.auth_len = halves.keyed ? below(41) : 0;
    header.auth_offset = below(all - 40);
    header.cipher_start = below(all);
    header.cipher_len = 1 + below(all - header.cipher_start);
    header.hash_start = below(all - digest_bytes);
    header.hash_len = below(all - digest_bytes - header.hash_start + 1);
    const std::uint32_t gap = below(10);
    data.destination = header.cipher_len + gap;
    data.digest = halves.verifies ? 0 : digest_bytes;
    // The digest that is expected stands in the text: text that depends on it cannot be given.
    Expectation expected(halves, data, key, mac_key);
    if (halves.verifies)
      std::copy(expected.digest.begin(), expected.digest.end(),
                data.memory.begin() + header.hash_start + header.hash_len);
    const Expectation again(halves, data, key, mac_key);
    const bool right = !halves.verifies || again.digest == expected.digest;
    const Answer answer = bench.call(data);
    CHECK(answer.used_length == answer.written.size());
    if (!right) {
      CHECK(answer.status() == kBadMsg);
      CHECK(answer.written == joined(Bytes(data.destination), Bytes(1, std::byte{2})));
    } else {
      Bytes wanted = joined(again.text, Bytes(gap));
      if (!halves.verifies) wanted = joined(wanted, again.digest);
      CHECK(answer.written == joined(wanted, Bytes(kStatusByte)));
    }
    CHECK(bench.close(header.session) == kOk);
  }
}

TEST_CASE("RFC v2: a verified chain whose digest is wrong gives nothing out",
          "[crypto][rfc-v2][chain][G-13][G-41]") {
  const std::uint32_t order = GENERATE(kHashThenCipher, kCipherThenHash);
  Bench bench;
  Session session = chain_session(order, cipher_session(kAesCtr, Bytes(16), kDecrypt),
                                  mac_session(kHmacSha1, Bytes(20), 20));
  session.verify_digest = 1;
  Data data = data_of(bench.open(session), Bytes(16), Bytes(64), Bytes(20), 70, 0);
  data.header.auth_len = 0;
  const Answer answer = bench.call(data);
  CHECK(answer.written == joined(Bytes(70), Bytes(1, std::byte{kBadMsg})));
  CHECK(answer.used_length == 71);
}

TEST_CASE("RFC v2: nested hashes, alone, in chains and verified", "[crypto][rfc-v2][G-19]") {
  Bench bench;
  const Bytes inner = Bytes(64, std::byte{0x36}), outer = Bytes(100, std::byte{0x5C}), text(77, std::byte{7});
  const Bytes inside = openssl::digest("SHA2-256", joined(inner, text), 32).value();
  const Bytes digest = openssl::digest("SHA2-512", joined(outer, inside), 64).value();
  Session session = nested_session(kSha256, kSha512, 64, inner, outer);
  CHECK(bench.once(session, data_of(0, {}, text, {}, 0, 64)) == digest);
  session.result_len = 10;
  CHECK(bench.once(session, data_of(0, {}, text, {}, 0, 10)) == part(digest, 0, 10));
  session.verify_digest = 1;
  Data verify = data_of(0, {}, joined(text, digest), {}, 0, 0);
  verify.header.hash_len = 77;
  CHECK(bench.once(session, verify).empty());

  const Session chain = chain_session(kHashThenCipher, cipher_session(kAesCtr, Bytes(16), kEncrypt),
                                      nested_session(kSha256, kSha512, 64, inner, outer));
  const Bytes changed = openssl::cipher("AES-128-CTR", true, Bytes(16), Bytes(16), text).value();
  CHECK(bench.once(chain, data_of(0, Bytes(16), text, {}, 77, 64)) == joined(changed, digest));
  // HMAC, built by hand: key, padded, in both prefixes.
  CHECK(bench.once(nested_session(kSha1, kSha1, 20, Bytes(64, std::byte{0x36}), Bytes(64, std::byte{0x5C})),
                   data_of(0, {}, text, {}, 0, 20)) ==
        openssl::mac("HMAC", "SHA1", Bytes(1), {}, text).value());
}

TEST_CASE("RFC v2: additional data of a MAC comes first", "[crypto][rfc-v2][G-18]") {
  Bench bench;
  const Bytes key(11, std::byte{3}), text(50, std::byte{4}), aad(9, std::byte{5});
  CHECK(bench.once(mac_session(kHmacSha1, key, 20), data_of(0, {}, text, aad, 0, 20)) ==
        openssl::mac("HMAC", "SHA1", key, {}, joined(aad, text)).value());
}

TEST_CASE("RFC v2: source and destination may share memory", "[crypto][rfc-v2][G-43]") {
  Bench bench;
  const std::uint64_t id = bench.open(cbc_session());
  const Data data = cbc_data(id);
  const int shift = GENERATE(-20, -16, -1, 0, 1, 16, 20);
  // One part for what is shared: IV and text. The destination begins `shift` bytes behind the IV.
  Request shared;
  shared.readable(header_bytes(data.header)).readable(data.memory).writable(32).writable(1);
  const Answer answer = bench.driver.call(0, shared.overlap(data.memory, 16 + shift));
  CHECK(part(answer.written, 0, 32) == cbc_result());
}

TEST_CASE("RFC v2: descriptors cut anything anywhere", "[crypto][rfc-v2][scatter]") {
  const bool packed = GENERATE(false, true);
  auto options = draft_driver(0, packed);
  options.ring_size = 256;
  Bench bench(draft_device(), options);
  const Session session = chain_session(kCipherThenHash, cipher_session(kAesCtr, Bytes(16), kEncrypt),
                                        mac_session(kHmacSha1, Bytes(5), 20));
  const Data whole = data_of(bench.open(session), Bytes(16), Bytes(41), Bytes(7), 50, 20);
  const Answer expected = bench.call(whole);
  REQUIRE(expected.status() == kOk);
  for (std::size_t chunk = 1; chunk <= 60; ++chunk) {
    INFO("descriptors of " << chunk);
    const Answer answer = bench.driver.call(0, request(whole).chunk(chunk).indirect(chunk % 2 == 0));
    CHECK(answer.written == expected.written);
    const Answer created = bench.driver.call(1, create(session).chunk(chunk));
    REQUIRE(created.written.front() == std::byte{0});
    CHECK(bench.close(le64_at(created.written, 1)) == kOk);
  }
}
