// Every hash that the RSA service knows, and those that it refuses.
#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"
#include "virtcrypt/crypto/pkcs1_padding.h"

using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::RsaPadding;
using virtcrypt::crypto::RsaParameters;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::joined;
using virtcrypt::tests::key_1024;
using virtcrypt::tests::pattern;
using virtcrypt::tests::pkcs1_block;
using virtcrypt::tests::private_der;
using virtcrypt::tests::rsa_session;
using virtcrypt::tests::run;

namespace {

struct Known {
  HashAlgorithm hash;
  const char* info;  // DigestInfo up to the digest
  std::size_t digest_bytes;
};

// RFC 8017, 9.2, note 1. MD4 is not listed there: its identifier is { iso(1) member-body(2) us(840)
// rsadsi(113549) digestAlgorithm(2) md4(4) }, between those of MD2 and MD5.
const Known kKnown[] = {
    {HashAlgorithm::kMd2, "3020300c06082a864886f70d020205000410", 16},
    {HashAlgorithm::kMd4, "3020300c06082a864886f70d020405000410", 16},
    {HashAlgorithm::kMd5, "3020300c06082a864886f70d020505000410", 16},
    {HashAlgorithm::kSha1, "3021300906052b0e03021a05000414", 20},
    {HashAlgorithm::kSha224, "302d300d06096086480165030402040500041c", 28},
    {HashAlgorithm::kSha256, "3031300d060960864801650304020105000420", 32},
    {HashAlgorithm::kSha384, "3041300d060960864801650304020205000430", 48},
    {HashAlgorithm::kSha512, "3051300d060960864801650304020305000440", 64},
    {HashAlgorithm::kNone, "", 36},
};

}  // namespace

TEST_CASE("RSA PKCS #1: DigestInfo of every hash is as RFC 8017 lists it", "[crypto][rsa][rfc8017]") {
  constexpr std::size_t kLength = 128;
  const Bytes der = private_der(key_1024());
  const auto raw = rsa_session({KeyType::kPrivate, RsaPadding::kRaw, HashAlgorithm::kNone, der});
  for (const Known& known : kKnown) {
    CAPTURE(name_of(known.hash));
    const auto session = rsa_session({KeyType::kPrivate, RsaPadding::kPkcs1, known.hash, der});
    const Bytes digest = pattern(known.digest_bytes);
    const Bytes signature = run(session, OperationKind::kSign, digest, kLength).output;
    const Bytes tail = joined({from_hex(known.info), digest});
    const Bytes fill(kLength - 3 - tail.size(), std::byte{0xff});
    CHECK(run(raw, OperationKind::kEncrypt, signature, kLength).output == pkcs1_block(1, fill, tail));
    CHECK(run(session, OperationKind::kVerify, signature, 0, {}, digest).outcome == Outcome::kOk);
    Bytes other = digest;
    other.front() ^= std::byte{1};
    CHECK(run(session, OperationKind::kVerify, signature, 0, {}, other).outcome ==
          Outcome::kSignatureInvalid);
  }
}

TEST_CASE("RSA PKCS #1: hashes without a number in the service are not supported", "[crypto][rsa]") {
  const auto hash = GENERATE(HashAlgorithm::kSha3_224, HashAlgorithm::kSha3_256, HashAlgorithm::kSha3_384,
                             HashAlgorithm::kSha3_512, HashAlgorithm::kShake128, HashAlgorithm::kShake256,
                             static_cast<HashAlgorithm>(200));
  const Bytes der = private_der(key_1024());
  const auto padded =
      engine().create_session(RsaParameters{KeyType::kPrivate, RsaPadding::kPkcs1, hash, der});
  REQUIRE_FALSE(padded.has_value());
  CHECK(padded.error() == Outcome::kNotSupported);
  // Without padding the hash means nothing.
  CHECK(engine().create_session(RsaParameters{KeyType::kPrivate, RsaPadding::kRaw, hash, der}).has_value());
  Bytes block(128);
  CHECK_FALSE(virtcrypt::crypto::encode_for_signature(hash, pattern(digest_bytes(hash)), block));
}
