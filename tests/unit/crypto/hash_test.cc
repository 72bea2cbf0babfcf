// Rules of the HASH service that no vector shows: how much of a digest may be asked for.
#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::kMaxShakeBytes;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionPointer;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::pattern;
using virtcrypt::tests::Result;
using virtcrypt::tests::run;

namespace {

SessionPointer hash_session(HashAlgorithm algorithm, std::uint32_t result_bytes) {
  auto session = engine().create_session(HashParameters{algorithm, result_bytes});
  REQUIRE(session.has_value());
  return *session;
}

}  // namespace

TEST_CASE("Hash: a session for digests of no length is refused", "[crypto][hash]") {
  for (const auto& row : engine().capabilities().hashes) {
    CAPTURE(row.name);
    const auto session = engine().create_session(HashParameters{row.algorithm, 0});
    REQUIRE_FALSE(session.has_value());
    CHECK(session.error() == Outcome::kFailed);
  }
}

TEST_CASE("Hash: a shorter digest is the front of the whole one, none and longer fail", "[crypto][hash]") {
  const Bytes text = pattern(300);
  for (const auto& row : engine().capabilities().hashes) {
    CAPTURE(row.name);
    if (row.digest_bytes == kMaxShakeBytes) continue;
    const auto session = hash_session(row.algorithm, row.digest_bytes + 10);
    const Bytes whole = run(session, OperationKind::kDigest, text, row.digest_bytes).output;
    REQUIRE(whole.size() == row.digest_bytes);
    for (std::size_t bytes = 0; bytes <= row.digest_bytes + 10; ++bytes) {
      const Result result = run(session, OperationKind::kDigest, text, bytes);
      CAPTURE(bytes);
      if (bytes == 0 || bytes > row.digest_bytes) {
        CHECK(result.outcome == Outcome::kFailed);
        CHECK(result.output.empty());
      } else {
        CHECK(result.output == Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)));
      }
    }
  }
}

TEST_CASE("Hash: the session bounds what an operation may ask for", "[crypto][hash]") {
  for (const auto& row : engine().capabilities().hashes) {
    CAPTURE(row.name);
    const auto session = hash_session(row.algorithm, 12);
    CHECK(run(session, OperationKind::kDigest, {}, 12).outcome == Outcome::kOk);
    CHECK(run(session, OperationKind::kDigest, {}, 13).outcome == Outcome::kFailed);
  }
}

TEST_CASE("Hash: SHAKE gives up to the session's length and never more than the engine's", "[crypto][hash]") {
  const auto algorithm = GENERATE(HashAlgorithm::kShake128, HashAlgorithm::kShake256);
  const auto session = hash_session(algorithm, 0xffffffff);
  const Result longest = run(session, OperationKind::kDigest, pattern(10), kMaxShakeBytes);
  CHECK(longest.outcome == Outcome::kOk);
  CHECK(longest.output.size() == kMaxShakeBytes);
  CHECK(run(session, OperationKind::kDigest, pattern(10), kMaxShakeBytes + 1).outcome == Outcome::kFailed);
  const Bytes shorter = run(session, OperationKind::kDigest, pattern(10), 1000).output;
  CHECK(std::equal(shorter.begin(), shorter.end(), longest.output.begin()));
}

TEST_CASE("Hash: any kind of operation but a digest is not supported", "[crypto][hash]") {
  const auto kind = GENERATE(OperationKind::kEncrypt, OperationKind::kDecrypt, OperationKind::kSign,
                             OperationKind::kVerify);
  for (const auto& row : engine().capabilities().hashes) {
    CAPTURE(row.name);
    const auto session = hash_session(row.algorithm, 16);
    CHECK(run(session, kind, pattern(16), 16).outcome == Outcome::kNotSupported);
  }
}
