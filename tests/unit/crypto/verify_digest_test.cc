// What the combined engine puts together besides chains that make an image: nested hashes, digests that are
// verified, and chains whose output is the cipher's range alone. Against OpenSSL.
#include <algorithm>
#include <random>

#include "tests/driver/bytes.h"
#include "tests/support/catch.h"
#include "tests/unit/crypto/openssl_opinion.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::ChainOrder;
using virtcrypt::crypto::ChainOutput;
using virtcrypt::crypto::ChainParameters;
using virtcrypt::crypto::ChainRanges;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::NestedHashParameters;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionParameters;
using virtcrypt::test::joined;
using virtcrypt::test::part;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;
namespace openssl = virtcrypt::tests::openssl;

namespace {

struct Result {
  Outcome outcome;
  Bytes output;
};

Result run_digest(const SessionParameters& parameters, OperationKind kind, const Bytes& text,
                  std::size_t room, const Bytes& expected) {
  const auto session = engine().create_session(parameters).value();
  Result result{Outcome::kFailed, Bytes(room, std::byte{0xEE})};
  const InputList input = cut(text, {7, 20});
  const OutputList output = {result.output};
  Operation operation;
  operation.session = session.get();
  operation.kind = kind;
  operation.input = input;
  operation.output = output;
  operation.digest = expected;
  engine().execute(std::span(&operation, 1));
  result.outcome = operation.outcome;
  return result;
}

}  // namespace

TEST_CASE("Nested hash: HMAC's own construction, and different hashes inside and outside",
          "[crypto][nested]") {
  const Bytes key = pattern(20);
  const Bytes text = pattern(100);
  Bytes inner_pad(64, std::byte{0x36});
  Bytes outer_pad(64, std::byte{0x5c});
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner_pad[i] ^= key[i];
    outer_pad[i] ^= key[i];
  }
  const NestedHashParameters hmac{HashAlgorithm::kSha1, HashAlgorithm::kSha1, 20, inner_pad, outer_pad};
  CHECK(run_digest(hmac, OperationKind::kDigest, text, 20, {}).output ==
        openssl::mac("HMAC", "SHA1", key, {}, text).value());
  const NestedHashParameters mixed{HashAlgorithm::kSha256, HashAlgorithm::kSha512, 40, key, {}};
  const Bytes inner = openssl::digest("SHA2-256", joined(key, text), 32).value();
  CHECK(run_digest(mixed, OperationKind::kDigest, text, 40, {}).output ==
        part(openssl::digest("SHA2-512", inner, 64).value(), 0, 40));
  CHECK(run_digest(mixed, OperationKind::kEncrypt, text, 40, {}).outcome == Outcome::kNotSupported);
  const NestedHashParameters shake{HashAlgorithm::kShake128, HashAlgorithm::kSha1, 20, {}, {}};
  CHECK(engine().create_session(shake).error() == Outcome::kFailed);
}

TEST_CASE("Verified digest: right, wrong at every byte, truncated, too long", "[crypto][verify]") {
  const Bytes text = pattern(100);
  const SessionParameters hash = HashParameters{HashAlgorithm::kSha256, 32};
  const Bytes digest = openssl::digest("SHA2-256", text, 32).value();
  for (std::size_t bytes = 1; bytes <= digest.size(); ++bytes) {
    Bytes expected = part(digest, 0, bytes);
    CHECK(run_digest(hash, OperationKind::kVerifyDigest, text, 0, expected).outcome == Outcome::kOk);
    expected.back() ^= std::byte{0x80};
    CHECK(run_digest(hash, OperationKind::kVerifyDigest, text, 0, expected).outcome ==
          Outcome::kAuthenticationFailed);
  }
  CHECK(run_digest(hash, OperationKind::kVerifyDigest, text, 0, Bytes(33)).outcome == Outcome::kFailed);
  CHECK(run_digest(hash, OperationKind::kVerifyDigest, text, 0, {}).outcome == Outcome::kFailed);
  const Bytes key = pattern(16);
  const SessionParameters mac = MacParameters{MacAlgorithm::kHmacSha1, 20, key};
  const Bytes tag = openssl::mac("HMAC", "SHA1", key, {}, text).value();
  CHECK(run_digest(mac, OperationKind::kVerifyDigest, text, 0, tag).outcome == Outcome::kOk);
  const SessionParameters nested =
      NestedHashParameters{HashAlgorithm::kSha256, HashAlgorithm::kSha1, 20, {}, {}};
  const Bytes twice = openssl::digest("SHA1", digest, 20).value();
  CHECK(run_digest(nested, OperationKind::kVerifyDigest, text, 0, twice).outcome == Outcome::kOk);
}

TEST_CASE("Chain of the cipher's range: every overlap of the ranges, both orders, digest given or verified",
          "[crypto][chain][verify]") {
  const Bytes key = pattern(16), mac_key = pattern(20), iv = pattern(16), aad = pattern(13);
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    Bytes text(1 + random() % 120);
    std::generate(text.begin(), text.end(), [&] { return static_cast<std::byte>(random()); });
    const auto below = [&](std::size_t limit) { return static_cast<std::uint32_t>(random() % limit); };
    ChainRanges ranges;
    ranges.cipher_offset = below(text.size());
    ranges.cipher_bytes = below(text.size() - ranges.cipher_offset + 1);
    ranges.hash_offset = below(text.size());
    ranges.hash_bytes = below(text.size() - ranges.hash_offset + 1);
    const auto order = round % 2 == 0 ? ChainOrder::kHashThenCipher : ChainOrder::kCipherThenHash;
    const bool spoil = round % 3 == 0;
    const bool verifies = round % 5 < 2;

    const Bytes changed =
        openssl::cipher("AES-128-CTR", true, key, iv, part(text, ranges.cipher_offset, ranges.cipher_bytes))
            .value();
    Bytes image = text;
    std::copy(changed.begin(), changed.end(), image.begin() + ranges.cipher_offset);
    const Bytes& hashed = order == ChainOrder::kHashThenCipher ? text : image;
    Bytes digest = openssl::mac("HMAC", "SHA1", mac_key, {},
                                joined(aad, part(hashed, ranges.hash_offset, ranges.hash_bytes)))
                       .value();

    const ChainParameters parameters{order,
                                     {CipherAlgorithm::kAesCtr, Direction::kEncrypt, key},
                                     MacParameters{MacAlgorithm::kHmacSha1, 20, mac_key},
                                     ChainOutput::kCipherRange};
    const auto session = engine().create_session(parameters).value();
    // The output lies somewhere over the text.
    Bytes memory(text.size() * 3);
    std::copy(text.begin(), text.end(), memory.begin() + static_cast<std::ptrdiff_t>(text.size()));
    const std::span<std::byte> whole(memory);
    const std::span<std::byte> room = whole.subspan(below(2 * text.size()), ranges.cipher_bytes);
    Bytes given(20);
    const InputList input = {std::span<const std::byte>(whole.subspan(text.size(), text.size()))};
    const OutputList output = {room};
    const InputList aad_list = {aad};
    const OutputList digest_room = {given};
    Operation operation;
    operation.session = session.get();
    operation.kind = OperationKind::kEncrypt;
    operation.input = input;
    operation.output = output;
    operation.aad = aad_list;
    operation.iv = iv;
    operation.ranges = ranges;
    if (verifies) {
      if (spoil) digest[7] ^= std::byte{1};
      operation.digest = digest;
    } else {
      operation.digest_output = digest_room;
    }
    engine().execute(std::span(&operation, 1));
    INFO("round " << round);
    if (verifies && spoil) {
      CHECK(operation.outcome == Outcome::kAuthenticationFailed);
      if (order == ChainOrder::kCipherThenHash)
        CHECK(Bytes(room.begin(), room.end()) == Bytes(ranges.cipher_bytes));
      continue;
    }
    REQUIRE(operation.outcome == Outcome::kOk);
    CHECK(Bytes(room.begin(), room.end()) == changed);
    CHECK(operation.output_bytes == ranges.cipher_bytes + (verifies ? 0U : 20U));
    if (!verifies) CHECK(given == digest);
  }
}
