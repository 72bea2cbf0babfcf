#include "virtcrypt/crypto/algorithms.h"

#include "tests/support/catch.h"

using namespace std::string_view_literals;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::digest_bytes;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::name_of;

// FIPS 180-4, figure 1.
TEST_CASE("digest_bytes: FIPS 180-4 lengths", "[crypto][algorithms]") {
  CHECK(digest_bytes(HashAlgorithm::kNone) == 0);
  CHECK(digest_bytes(HashAlgorithm::kSha1) == 160 / 8);
  CHECK(digest_bytes(HashAlgorithm::kSha224) == 224 / 8);
  CHECK(digest_bytes(HashAlgorithm::kSha256) == 256 / 8);
  CHECK(digest_bytes(HashAlgorithm::kSha384) == 384 / 8);
  CHECK(digest_bytes(HashAlgorithm::kSha512) == 512 / 8);
}

TEST_CASE("name_of: names as the standards write them", "[crypto][algorithms]") {
  CHECK(name_of(CipherAlgorithm::kAesCbc) == "AES-CBC"sv);
  CHECK(name_of(HashAlgorithm::kSha384) == "SHA-384"sv);
  CHECK(name_of(virtcrypt::crypto::AkcipherAlgorithm::kRsa) == "RSA"sv);
  CHECK(name_of(virtcrypt::crypto::Service::kAkcipher) == "AKCIPHER"sv);
}

TEST_CASE("name_of: a value outside the enumeration has a name that says so", "[crypto][algorithms]") {
  CHECK(name_of(static_cast<CipherAlgorithm>(200)) == "?"sv);
  CHECK(digest_bytes(static_cast<HashAlgorithm>(200)) == 0);
}
