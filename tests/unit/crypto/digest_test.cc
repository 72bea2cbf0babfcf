// Rules of the HASH and MAC services that no vector shows: how much of a digest may be asked for, and what
// the text of a MAC may be.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::Expected;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::kMaxShakeBytes;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionPointer;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::engine;
using virtcrypt::tests::pattern;
using virtcrypt::tests::Result;
using virtcrypt::tests::run;

namespace {

constexpr std::size_t kTextBytes = 304;  // whole blocks for all of them

// A row of HASH or MAC without the difference.
struct Digest {
  std::string name;
  std::uint32_t bytes;
  std::function<Expected<SessionPointer, Outcome>(std::uint32_t result_bytes)> create;

  [[nodiscard]] SessionPointer session(std::uint32_t result_bytes) const {
    auto created = create(result_bytes);
    REQUIRE(created.has_value());
    return *created;
  }
};

std::vector<Digest> digests() {
  std::vector<Digest> all;
  for (const auto& row : engine().capabilities().hashes) {
    all.push_back({std::string(row.name), row.digest_bytes, [row](std::uint32_t result_bytes) {
                     return engine().create_session(HashParameters{row.algorithm, result_bytes});
                   }});
  }
  for (const auto& row : engine().capabilities().macs) {
    all.push_back({std::string(row.name), row.digest_bytes, [row](std::uint32_t result_bytes) {
                     const Bytes key = pattern(row.key_bytes.most);
                     return engine().create_session(MacParameters{row.algorithm, result_bytes, key});
                   }});
  }
  return all;
}

SessionPointer mac_session(MacAlgorithm algorithm, const Bytes& key, std::uint32_t result_bytes) {
  auto session = engine().create_session(MacParameters{algorithm, result_bytes, key});
  REQUIRE(session.has_value());
  return *session;
}

}  // namespace

TEST_CASE("Digest: a session for digests of no length is refused", "[crypto][digest]") {
  for (const Digest& digest : digests()) {
    CAPTURE(digest.name);
    const auto session = digest.create(0);
    REQUIRE_FALSE(session.has_value());
    CHECK(session.error() == Outcome::kFailed);
  }
}

TEST_CASE("Digest: a shorter one is the front of the whole one, none and longer fail", "[crypto][digest]") {
  const Bytes text = pattern(kTextBytes);
  for (const Digest& digest : digests()) {
    CAPTURE(digest.name);
    if (digest.bytes == kMaxShakeBytes) continue;
    const auto session = digest.session(digest.bytes + 10);
    const Bytes whole = run(session, OperationKind::kDigest, text, digest.bytes).output;
    REQUIRE(whole.size() == digest.bytes);
    for (std::size_t bytes = 0; bytes <= digest.bytes + 10; ++bytes) {
      CAPTURE(bytes);
      const Result result = run(session, OperationKind::kDigest, text, bytes);
      if (bytes == 0 || bytes > digest.bytes) {
        CHECK(result.outcome == Outcome::kFailed);
        CHECK(result.output.empty());
      } else {
        CHECK(result.output == Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)));
      }
    }
  }
}

TEST_CASE("Digest: the session bounds what an operation may ask for", "[crypto][digest]") {
  for (const Digest& digest : digests()) {
    CAPTURE(digest.name);
    const std::uint32_t bound = digest.bytes - 1;
    const auto session = digest.session(bound);
    CHECK(run(session, OperationKind::kDigest, pattern(kTextBytes), bound).outcome == Outcome::kOk);
    CHECK(run(session, OperationKind::kDigest, pattern(kTextBytes), bound + 1).outcome == Outcome::kFailed);
  }
}

TEST_CASE("Digest: SHAKE gives up to the session's length and never more than the engine's",
          "[crypto][digest]") {
  const auto algorithm = GENERATE(HashAlgorithm::kShake128, HashAlgorithm::kShake256);
  const auto session = engine().create_session(HashParameters{algorithm, 0xffffffff}).value();
  const Result longest = run(session, OperationKind::kDigest, pattern(10), kMaxShakeBytes);
  CHECK(longest.outcome == Outcome::kOk);
  CHECK(longest.output.size() == kMaxShakeBytes);
  CHECK(run(session, OperationKind::kDigest, pattern(10), kMaxShakeBytes + 1).outcome == Outcome::kFailed);
  const Bytes shorter = run(session, OperationKind::kDigest, pattern(10), 1000).output;
  CHECK(std::equal(shorter.begin(), shorter.end(), longest.output.begin()));
}

TEST_CASE("Digest: any other kind of operation is not supported", "[crypto][digest]") {
  const auto kind = GENERATE(OperationKind::kEncrypt, OperationKind::kDecrypt, OperationKind::kSign,
                             OperationKind::kVerify);
  for (const Digest& digest : digests()) {
    CAPTURE(digest.name);
    CHECK(run(digest.session(4), kind, pattern(kTextBytes), 4).outcome == Outcome::kNotSupported);
  }
}

// GMAC of nothing is defined; 3GPP's messages have one bit at least.
TEST_CASE("MAC: text shorter than the IV in front of it fails", "[crypto][digest]") {
  for (const auto& row : engine().capabilities().macs) {
    if (row.iv_bytes == 0) continue;
    CAPTURE(row.name);
    const auto session = mac_session(row.algorithm, pattern(row.key_bytes.most), row.digest_bytes);
    const auto outcome = [&](std::size_t bytes) {
      return run(session, OperationKind::kDigest, pattern(bytes), row.digest_bytes).outcome;
    };
    CHECK(outcome(0) == Outcome::kFailed);
    CHECK(outcome(row.iv_bytes - 1U) == Outcome::kFailed);
    const bool is_gmac = row.algorithm == MacAlgorithm::kGmacAes || row.algorithm == MacAlgorithm::kGmacTwofish;
    CHECK(outcome(row.iv_bytes) == (is_gmac ? Outcome::kOk : Outcome::kFailed));
    CHECK(outcome(row.iv_bytes + 1U) == Outcome::kOk);
  }
}

// FIPS 113 pads with zeros; ISO/IEC 9797-1, 6.3.2 says that no text becomes one block of them.
TEST_CASE("MAC: CBC-MAC pads with zeros, and no text to one block", "[crypto][digest]") {
  const Bytes key = pattern(32);
  const auto session = mac_session(MacAlgorithm::kCbcMacAes, key, 16);
  const auto mac_of = [&](const Bytes& text) {
    return run(session, OperationKind::kDigest, text, 16).output;
  };
  for (std::size_t bytes = 1; bytes <= 40; ++bytes) {
    CAPTURE(bytes);
    Bytes padded = pattern(bytes);
    padded.resize((bytes + 15) / 16 * 16);
    CHECK(mac_of(pattern(bytes)) == mac_of(padded));
  }
  const auto ecb = cipher_session(CipherAlgorithm::kAesEcb, Direction::kEncrypt, key);
  CHECK(mac_of({}) == run(ecb, OperationKind::kEncrypt, Bytes(16), 16).output);
}
