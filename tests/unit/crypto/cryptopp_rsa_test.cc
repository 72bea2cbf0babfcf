// RSA against published vectors.
#include "virtcrypt/crypto/cryptopp_rsa.h"

#include <string>

#include <cryptopp/sha.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::RsaPadding;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::CavpCase;
using virtcrypt::tests::engine;
using virtcrypt::tests::numbers_of;
using virtcrypt::tests::pkcs1_block;
using virtcrypt::tests::private_der;
using virtcrypt::tests::public_der;
using virtcrypt::tests::read_cavp;
using virtcrypt::tests::read_pkcs1;
using virtcrypt::tests::Result;
using virtcrypt::tests::rsa_session;
using virtcrypt::tests::RsaNumbers;
using virtcrypt::tests::run;
using virtcrypt::tests::without_crt;

namespace {

template <typename Hash>
Bytes digest_of(const Bytes& message) {
  Bytes digest(Hash::DIGESTSIZE);
  Hash().CalculateDigest(reinterpret_cast<CryptoPP::byte*>(digest.data()),
                         reinterpret_cast<const CryptoPP::byte*>(message.data()), message.size());
  return digest;
}

struct NamedHash {
  const char* name;
  HashAlgorithm algorithm;
  Bytes (*digest)(const Bytes&);
};

const NamedHash kHashes[] = {
    {"SHA1", HashAlgorithm::kSha1, digest_of<CryptoPP::SHA1>},
    {"SHA224", HashAlgorithm::kSha224, digest_of<CryptoPP::SHA224>},
    {"SHA256", HashAlgorithm::kSha256, digest_of<CryptoPP::SHA256>},
    {"SHA384", HashAlgorithm::kSha384, digest_of<CryptoPP::SHA384>},
    {"SHA512", HashAlgorithm::kSha512, digest_of<CryptoPP::SHA512>},
};

const NamedHash& hash_named(const std::string& name) {
  for (const NamedHash& hash : kHashes) {
    if (name == hash.name) return hash;
  }
  FAIL("unknown hash " << name);
  return kHashes[0];
}

Outcome verify_case(const CavpCase& test) {
  const NamedHash& hash = hash_named(test.text("SHAAlg"));
  RsaNumbers key;
  key.n = test.bytes("n");
  key.e = test.bytes("e");
  const Bytes der = public_der(key);
  const auto session = rsa_session({KeyType::kPublic, RsaPadding::kPkcs1, hash.algorithm, der});
  return run(session, OperationKind::kVerify, test.bytes("S"), 0, {}, hash.digest(test.bytes("Msg"))).outcome;
}

}  // namespace

TEST_CASE("RSA: signatures of RSA Laboratories' PKCS #1 v1.5 vectors", "[crypto][rsa][rfc8017]") {
  const bool with_crt = GENERATE(true, false);
  std::size_t count = 0;
  for (const auto& example : read_pkcs1("asymmetric/RSA/pkcs1v15sign-vectors.txt", "Signature")) {
    CAPTURE(with_crt, count++);
    const RsaNumbers key = with_crt ? numbers_of(example) : without_crt(numbers_of(example));
    const Bytes secret = private_der(key);
    const Bytes open = public_der(key);
    const Bytes digest = digest_of<CryptoPP::SHA1>(example.part("Message to be signed"));
    const Bytes& signature = example.part("Signature");
    const auto signer = rsa_session({KeyType::kPrivate, RsaPadding::kPkcs1, HashAlgorithm::kSha1, secret});
    const auto verifier = rsa_session({KeyType::kPublic, RsaPadding::kPkcs1, HashAlgorithm::kSha1, open});
    const Result result = run(signer, OperationKind::kSign, digest, signature.size());
    CHECK(result.outcome == Outcome::kOk);
    CHECK(result.output == signature);
    CHECK(run(verifier, OperationKind::kVerify, signature, 0, {}, digest).outcome == Outcome::kOk);
    CHECK(run(signer, OperationKind::kVerify, signature, 0, {}, digest).outcome == Outcome::kOk);
  }
  CHECK(count == 300);
}

TEST_CASE("RSA: encryptions of RSA Laboratories' PKCS #1 v1.5 vectors", "[crypto][rsa][rfc8017]") {
  const bool with_crt = GENERATE(true, false);
  std::size_t count = 0;
  for (const auto& example : read_pkcs1("asymmetric/RSA/pkcs1v15crypt-vectors.txt", "Encryption")) {
    CAPTURE(with_crt, count++);
    const RsaNumbers key = with_crt ? numbers_of(example) : without_crt(numbers_of(example));
    const Bytes secret = private_der(key);
    const Bytes open = public_der(key);
    const Bytes& message = example.part("Message");
    const Bytes& ciphertext = example.part("Encryption");
    const std::size_t k = ciphertext.size();
    const auto decryptor = rsa_session({KeyType::kPrivate, RsaPadding::kPkcs1, HashAlgorithm::kNone, secret});
    const Result decrypted = run(decryptor, OperationKind::kDecrypt, ciphertext, k);
    CHECK(decrypted.outcome == Outcome::kOk);
    CHECK(decrypted.output == message);

    // The seed is the fill of the padded block, so the raw primitives are determined too.
    const Bytes block = pkcs1_block(2, example.part("Seed"), message);
    const auto raw_public = rsa_session({KeyType::kPublic, RsaPadding::kRaw, HashAlgorithm::kNone, open});
    const auto raw_private = rsa_session({KeyType::kPrivate, RsaPadding::kRaw, HashAlgorithm::kNone, secret});
    CHECK(run(raw_public, OperationKind::kEncrypt, block, k).output == ciphertext);
    CHECK(run(raw_private, OperationKind::kEncrypt, block, k).output == ciphertext);
    CHECK(run(raw_private, OperationKind::kDecrypt, ciphertext, k).output == block);

    const auto encryptor = rsa_session({KeyType::kPublic, RsaPadding::kPkcs1, HashAlgorithm::kNone, open});
    const Result encrypted = run(encryptor, OperationKind::kEncrypt, message, k);
    CHECK(encrypted.outcome == Outcome::kOk);
    CHECK(run(decryptor, OperationKind::kDecrypt, encrypted.output, k).output == message);
  }
  CHECK(count == 300);
}

TEST_CASE("RSA: NIST CAVP SigGen15 signatures verify", "[crypto][rsa][cavp]") {
  std::size_t count = 0;
  for (const auto& test : read_cavp("asymmetric/RSA/FIPS_186-2/SigGen15_186-3.rsp", "S")) {
    CAPTURE(test.section, test.text("SHAAlg"), count++);
    CHECK(verify_case(test) == Outcome::kOk);
  }
  CHECK(count == 250);
}

TEST_CASE("RSA: NIST CAVP SigVer15 cases, good and forged", "[crypto][rsa][cavp]") {
  std::size_t good = 0;
  std::size_t forged = 0;
  for (const auto& test : read_cavp("asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp", "Result")) {
    CAPTURE(test.section, test.text("SHAAlg"), test.text("Result"));
    const bool passes = test.text("Result") == "P";
    CHECK(verify_case(test) == (passes ? Outcome::kOk : Outcome::kSignatureInvalid));
    ++(passes ? good : forged);
  }
  CHECK(good == 75);
  CHECK(forged == 375);
}
