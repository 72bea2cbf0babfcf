#include "virtcrypt/crypto/rsa_der.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::parse_rsa_private_key;
using virtcrypt::crypto::parse_rsa_public_key;
using virtcrypt::crypto::RsaPadding;
using virtcrypt::crypto::RsaParameters;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::der_element;
using virtcrypt::tests::der_integer;
using virtcrypt::tests::der_sequence;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::joined;
using virtcrypt::tests::key_1024;
using virtcrypt::tests::private_der;
using virtcrypt::tests::public_der;
using virtcrypt::tests::RsaNumbers;
using virtcrypt::tests::run;

namespace {

bool same(virtcrypt::crypto::DerInteger part, const Bytes& expected) {
  return std::equal(part.begin(), part.end(), expected.begin(), expected.end());
}

// A private key with another version, and perhaps something after the last integer.
Bytes versioned(const Bytes& version, const Bytes& appendix) {
  const RsaNumbers& key = key_1024();
  return der_sequence({der_element(0x02, version), der_integer(key.n), der_integer(key.e), der_integer(key.d),
                       der_integer(key.p), der_integer(key.q), der_integer(key.dp), der_integer(key.dq),
                       der_integer(key.u), appendix});
}

}  // namespace

TEST_CASE("DER: public and private key of RFC 8017 A.1 parse into their parts", "[crypto][der]") {
  const Bytes open_der = from_hex("3007 0202 0abc 0201 11");
  const auto open = parse_rsa_public_key(open_der);
  REQUIRE(open.has_value());
  CHECK(same(open->modulus, from_hex("0abc")));
  CHECK(same(open->public_exponent, from_hex("11")));
  const Bytes secret_der = from_hex("301b 020100 020101 020102 020103 020104 020105 020106 020107 020108");
  const auto secret = parse_rsa_private_key(secret_der);
  REQUIRE(secret.has_value());
  CHECK(same(secret->modulus, from_hex("01")));
  CHECK(same(secret->public_exponent, from_hex("02")));
  CHECK(same(secret->private_exponent, from_hex("03")));
  CHECK(same(secret->prime1, from_hex("04")));
  CHECK(same(secret->prime2, from_hex("05")));
  CHECK(same(secret->exponent1, from_hex("06")));
  CHECK(same(secret->exponent2, from_hex("07")));
  CHECK(same(secret->coefficient, from_hex("08")));
}

TEST_CASE("DER: a key cut at any byte is refused", "[crypto][der]") {
  const Bytes open = public_der(key_1024());
  const Bytes secret = private_der(key_1024());
  REQUIRE(parse_rsa_public_key(open).has_value());
  REQUIRE(parse_rsa_private_key(secret).has_value());
  for (std::size_t length = 0; length < open.size(); ++length) {
    // An allocation of exactly this length, so that AddressSanitizer sees a read past it.
    REQUIRE_FALSE(
        parse_rsa_public_key(Bytes(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(length))));
  }
  for (std::size_t length = 0; length < secret.size(); ++length) {
    REQUIRE_FALSE(
        parse_rsa_private_key(Bytes(secret.begin(), secret.begin() + static_cast<std::ptrdiff_t>(length))));
  }
}

TEST_CASE("DER: bytes behind the key or behind its last member are refused", "[crypto][der]") {
  CHECK_FALSE(parse_rsa_public_key(from_hex("3006 020105 020103 00")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3008 020105 020103 0500")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3009 020105 020103 020101")));
  CHECK_FALSE(parse_rsa_private_key(joined({private_der(key_1024()), {std::byte{0}}})));
}

TEST_CASE("DER: lengths that are indefinite, not minimal or beyond the data are refused", "[crypto][der]") {
  REQUIRE(parse_rsa_public_key(from_hex("3006 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("308106 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("30820006 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3007 02810105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3080 020105 020103 0000")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("30ff 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3084ffffffff 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3088ffffffffffffffff 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3006 020505 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3007 0282ffff 05 0201")));
  // 128 octets need the long form; 256 the two-octet one; neither may use a longer one.
  const Bytes content = joined({der_integer(Bytes(125, std::byte{0x7f}))});
  REQUIRE(content.size() == 127);
  CHECK_FALSE(parse_rsa_public_key(joined({from_hex("30820082"), content, from_hex("020103")})));
  CHECK(parse_rsa_public_key(joined({from_hex("308182"), content, from_hex("020103")})));
}

TEST_CASE("DER: other tags and empty integers are refused", "[crypto][der]") {
  CHECK_FALSE(parse_rsa_public_key(from_hex("3106 020105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3006 030105 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3006 020105 220103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3005 0200 020103")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3005 020105 0200")));
  CHECK_FALSE(parse_rsa_public_key(from_hex("3000")));
  CHECK_FALSE(parse_rsa_public_key({}));
  CHECK_FALSE(parse_rsa_private_key(public_der(key_1024())));
  CHECK_FALSE(parse_rsa_public_key(private_der(key_1024())));
}

TEST_CASE("DER: version 0, version 1 without further primes, nothing else", "[crypto][der]") {
  const Bytes more_primes = der_sequence({der_sequence({der_integer({}), der_integer({}), der_integer({})})});
  CHECK(parse_rsa_private_key(versioned(from_hex("00"), {})));
  CHECK(parse_rsa_private_key(versioned(from_hex("01"), {})));
  CHECK_FALSE(parse_rsa_private_key(versioned(from_hex("01"), more_primes)));
  CHECK_FALSE(parse_rsa_private_key(versioned(from_hex("00"), more_primes)));
  CHECK_FALSE(parse_rsa_private_key(versioned(from_hex("02"), {})));
  CHECK_FALSE(parse_rsa_private_key(versioned(from_hex("0000"), {})));
  CHECK_FALSE(parse_rsa_private_key(versioned(from_hex("ff"), {})));
  CHECK_FALSE(parse_rsa_private_key(versioned({}, {})));
}

TEST_CASE("DER: integers without a sign octet, as Linux sends them, and with too many zeros",
          "[crypto][der]") {
  const RsaNumbers& key = key_1024();
  REQUIRE((key.n.front() & std::byte{0x80}) != std::byte{0});
  const Bytes message = from_hex("54859b342c49ea2a");
  const auto encrypt = [&](const Bytes& der) {
    const auto session =
        engine().create_session(RsaParameters{KeyType::kPublic, RsaPadding::kRaw, HashAlgorithm::kNone, der});
    REQUIRE(session.has_value());
    return run(*session, OperationKind::kEncrypt, message, 128).output;
  };
  const Bytes expected = encrypt(public_der(key));
  REQUIRE(expected.size() == 128);
  CHECK(encrypt(der_sequence({der_element(0x02, key.n), der_integer(key.e)})) == expected);
  CHECK(encrypt(der_sequence({der_element(0x02, joined({Bytes(9), key.n})),
                              der_element(0x02, joined({Bytes(300), key.e}))})) == expected);
}
