// Keys that no honest guest sends: each is refused when the session is made, or fails in every private
// operation. None crashes, hangs or leaks.
#include <algorithm>
#include <random>

#include <malloc.h>

#include <cryptopp/integer.h>
#include <cryptopp/nbtheory.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"

using CryptoPP::Integer;
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
using virtcrypt::tests::private_der;
using virtcrypt::tests::public_der;
using virtcrypt::tests::RsaNumbers;
using virtcrypt::tests::run;
using virtcrypt::tests::without_crt;

namespace {

Bytes bytes_of(const Integer& number) {
  Bytes bytes(number.MinEncodedSize());
  number.Encode(reinterpret_cast<CryptoPP::byte*>(bytes.data()), bytes.size());
  return bytes;
}

Integer number_of(const Bytes& bytes) {
  return {reinterpret_cast<const CryptoPP::byte*>(bytes.data()), bytes.size()};
}

virtcrypt::crypto::Expected<virtcrypt::crypto::SessionPointer, Outcome> create(KeyType type,
                                                                               const Bytes& der) {
  return engine().create_session(RsaParameters{type, RsaPadding::kRaw, HashAlgorithm::kNone, der});
}

bool refused(KeyType type, const Bytes& der) {
  const auto session = create(type, der);
  return !session && session.error() == Outcome::kFailed;
}

bool public_refused(const Bytes& n, const Bytes& e) {
  RsaNumbers key;
  key.n = n;
  key.e = e;
  return refused(KeyType::kPublic, public_der(key));
}

// Refused, or without a single successful private operation.
bool useless(const RsaNumbers& key) {
  const auto session = create(KeyType::kPrivate, private_der(key));
  if (!session) return session.error() == Outcome::kFailed;
  return run(*session, OperationKind::kDecrypt, from_hex("0203040506"), key.n.size() + 8).outcome ==
         Outcome::kFailed;
}

// key_1024 with one number replaced.
bool refused_with(Bytes RsaNumbers::*which, const Bytes& value) {
  RsaNumbers key = key_1024();
  key.*which = value;
  return refused(KeyType::kPrivate, private_der(key));
}

bool refused_plain_with(Bytes RsaNumbers::*which, const Bytes& value) {
  RsaNumbers key = without_crt(key_1024());
  key.*which = value;
  return refused(KeyType::kPrivate, private_der(key));
}

Bytes power_of_two_plus_one(unsigned exponent) {
  return bytes_of(Integer::Power2(exponent) + Integer::One());
}

}  // namespace

TEST_CASE("RSA keys: modulus of 512 to 8192 bits, odd", "[crypto][rsa][hostile]") {
  const Bytes e = from_hex("010001");
  CHECK(public_refused({}, e));
  CHECK(public_refused(from_hex("01"), e));
  CHECK(public_refused(from_hex("0f"), e));
  CHECK(public_refused(power_of_two_plus_one(510), e));
  CHECK_FALSE(public_refused(power_of_two_plus_one(511), e));
  CHECK_FALSE(public_refused(power_of_two_plus_one(8191), e));
  CHECK(public_refused(power_of_two_plus_one(8192), e));
  CHECK(public_refused(bytes_of(Integer::Power2(1023)), e));
  CHECK(public_refused(bytes_of(number_of(key_1024().n) - Integer::One()), e));
}

TEST_CASE("RSA keys: public exponent odd, from 3 to below the modulus", "[crypto][rsa][hostile]") {
  const Bytes& n = key_1024().n;
  CHECK(public_refused(n, {}));
  CHECK(public_refused(n, from_hex("01")));
  CHECK(public_refused(n, from_hex("02")));
  CHECK(public_refused(n, from_hex("010000")));
  CHECK(public_refused(n, n));
  CHECK(public_refused(n, bytes_of(number_of(n) + Integer::Two())));
  CHECK_FALSE(public_refused(n, from_hex("03")));
  CHECK_FALSE(public_refused(n, bytes_of(number_of(n) - Integer::Two())));
}

TEST_CASE("RSA keys: longest encoding taken", "[crypto][rsa][hostile]") {
  const Bytes& n = key_1024().n;
  const Bytes e = from_hex("010001");
  const std::uint32_t limit = engine().capabilities().akciphers.front().max_key_bytes;
  for (const std::size_t zeros : {limit - 200U, limit}) {
    CAPTURE(zeros);
    const Bytes der = virtcrypt::tests::der_sequence(
        {virtcrypt::tests::der_element(0x02, joined({Bytes(zeros), n})), virtcrypt::tests::der_integer(e)});
    CHECK(refused(KeyType::kPublic, der) == (der.size() > limit));
  }
}

TEST_CASE("RSA keys: private numbers that contradict each other", "[crypto][rsa][hostile]") {
  REQUIRE_FALSE(refused(KeyType::kPrivate, private_der(key_1024())));
  REQUIRE_FALSE(refused(KeyType::kPrivate, private_der(without_crt(key_1024()))));
  for (const auto which :
       {&RsaNumbers::d, &RsaNumbers::p, &RsaNumbers::q, &RsaNumbers::dp, &RsaNumbers::dq, &RsaNumbers::u}) {
    const Integer value = number_of(key_1024().*which);
    CHECK(refused_with(which, {}));
    CHECK(refused_with(which, from_hex("01")));
    CHECK(refused_with(which, bytes_of(value + Integer::One())));
    CHECK(refused_with(which, bytes_of(value + Integer::Two())));
    CHECK(refused_with(which, key_1024().n));
    CHECK(refused_with(which, bytes_of(Integer::Power2(2000) + Integer::One())));
  }
  CHECK(refused_with(&RsaNumbers::n, bytes_of(number_of(key_1024().n) + Integer::Two())));
  CHECK(refused_with(&RsaNumbers::e, from_hex("03")));
}

TEST_CASE("RSA keys: private exponent alone has to be odd and below the modulus", "[crypto][rsa][hostile]") {
  CHECK(refused_plain_with(&RsaNumbers::d, {}));
  CHECK(refused_plain_with(&RsaNumbers::d, from_hex("02")));
  CHECK(refused_plain_with(&RsaNumbers::d, key_1024().n));
  CHECK(refused_plain_with(&RsaNumbers::e, {}));
  CHECK(refused_plain_with(&RsaNumbers::n, {}));
  CHECK(refused_plain_with(&RsaNumbers::p, from_hex("03")));
}

TEST_CASE("RSA keys: an exponent that does not belong to the key fails each time it is used",
          "[crypto][rsa][hostile]") {
  RsaNumbers key = without_crt(key_1024());
  key.d = from_hex("03");
  CHECK(useless(key));
  key.d = from_hex("01");
  CHECK(useless(key));
  key = without_crt(key_1024());
  key.n = power_of_two_plus_one(1023);
  CHECK(useless(key));
}

TEST_CASE("RSA keys: primes that are none but fit together fail each time they are used",
          "[crypto][rsa][hostile]") {
  const Integer p = number_of(key_1024().p);
  const Integer q = Integer::Power2(511) + Integer(75) * Integer(3);  // odd, and no prime's business
  const Integer e(65537);
  const Integer d = e.InverseMod(CryptoPP::LCM(p - Integer::One(), q - Integer::One()));
  REQUIRE(d.NotZero());
  RsaNumbers key;
  key.n = bytes_of(p * q);
  key.e = bytes_of(e);
  key.d = bytes_of(d);
  key.p = bytes_of(p);
  key.q = bytes_of(q);
  key.dp = bytes_of(d % (p - Integer::One()));
  key.dq = bytes_of(d % (q - Integer::One()));
  key.u = bytes_of(q.InverseMod(p));
  REQUIRE_FALSE(refused(KeyType::kPrivate, private_der(key)));
  CHECK(useless(key));
}

TEST_CASE("RSA keys: both primes equal, or one of them 1, or the modulus", "[crypto][rsa][hostile]") {
  RsaNumbers key = key_1024();
  key.q = key.p;
  key.n = bytes_of(number_of(key.p) * number_of(key.p));
  CHECK(useless(key));
  key = key_1024();
  key.p = from_hex("01");
  key.q = key.n;
  CHECK(refused(KeyType::kPrivate, private_der(key)));
  std::swap(key.p, key.q);
  CHECK(refused(KeyType::kPrivate, private_der(key)));
}

// Nine of ten random factors have no inverse: the search for one must end all the same.
TEST_CASE("RSA keys: a modulus made of all small primes does not hang", "[crypto][rsa][hostile]") {
  Integer n = Integer::One();
  for (unsigned candidate = 3; n.BitCount() < 8170; candidate += 2) {
    if (CryptoPP::IsPrime(Integer(static_cast<long>(candidate)))) n *= Integer(static_cast<long>(candidate));
  }
  REQUIRE(n.BitCount() <= 8192);
  RsaNumbers key;
  key.n = bytes_of(n);
  key.e = from_hex("03");
  key.d = from_hex("03");
  const auto session = create(KeyType::kPrivate, private_der(key));
  REQUIRE(session.has_value());
  CHECK(run(*session, OperationKind::kDecrypt, from_hex("02"), 1024).outcome == Outcome::kFailed);
}

TEST_CASE("RSA keys: any octet of a key changed is survived", "[crypto][rsa][hostile]") {
  const bool with_crt = GENERATE(true, false);
  const Bytes der = private_der(with_crt ? key_1024() : without_crt(key_1024()));
  for (std::size_t position = 0; position < der.size(); ++position) {
    for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
      Bytes changed = der;
      changed[position] ^= static_cast<std::byte>(change);
      const auto session = create(KeyType::kPrivate, changed);
      if (!session) {
        CHECK(session.error() == Outcome::kFailed);
        continue;
      }
      // What is still taken is the harmless version 1, or has no CRT parts by which it could be seen to be
      // wrong.
      const Outcome outcome = run(*session, OperationKind::kDecrypt, from_hex("02"), 256).outcome;
      CHECK((outcome == Outcome::kFailed || position < 7));
    }
  }
}

TEST_CASE("RSA keys: random octets are survived", "[crypto][rsa][hostile]") {
  std::mt19937 random(20);  // NOLINT: repeatable on purpose
  for (int round = 0; round < 20000; ++round) {
    Bytes der(random() % 40);
    std::generate(der.begin(), der.end(),
                  [&] { return static_cast<std::byte>(random() % 4 == 0 ? random() : 2); });
    if (!der.empty()) der[0] = std::byte{0x30};
    CHECK(refused(round % 2 == 0 ? KeyType::kPublic : KeyType::kPrivate, der));
  }
}

TEST_CASE("Engine: failing creates leave no memory behind", "[crypto][rsa][hostile]") {
  RsaNumbers contradicting = key_1024();
  contradicting.u = from_hex("05");
  RsaNumbers even = key_1024();
  even.n = bytes_of(number_of(even.n) - Integer::One());
  const Bytes late = private_der(contradicting);  // refused after everything was built
  const Bytes early = private_der(even);          // refused at the modulus
  const Bytes cut(late.begin(), late.end() - 1);  // refused by the parser
  const Bytes short_key(15);
  const auto fail_once = [&] {
    const bool all =
        refused(KeyType::kPrivate, late) && refused(KeyType::kPrivate, early) &&
        refused(KeyType::kPrivate, cut) &&
        !engine().create_session(virtcrypt::crypto::CipherParameters{
            virtcrypt::crypto::CipherAlgorithm::kAesCbc, virtcrypt::crypto::Direction::kEncrypt, short_key});
    REQUIRE(all);
  };
  fail_once();
  const std::size_t before = mallinfo2().uordblks;
  for (int round = 0; round < 10000; ++round) {
    fail_once();
  }
  CHECK(mallinfo2().uordblks <= before + 65536);
}
