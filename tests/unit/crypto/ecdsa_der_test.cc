#include "virtcrypt/crypto/ecdsa_der.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/crypto/ecdsa_keys.h"
#include "tests/unit/crypto/rsa_keys.h"

using virtcrypt::crypto::Curve;
using virtcrypt::crypto::encode_ecdsa_signature;
using virtcrypt::crypto::parse_ec_private_key;
using virtcrypt::crypto::parse_ecdsa_signature;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::der_element;
using virtcrypt::tests::der_integer;
using virtcrypt::tests::der_sequence;
using virtcrypt::tests::ec_parameters;
using virtcrypt::tests::ec_point;
using virtcrypt::tests::ec_private_der;
using virtcrypt::tests::ec_public_member;
using virtcrypt::tests::ec_scalar;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::joined;
using virtcrypt::tests::signature_der;

namespace {

bool same(std::span<const std::byte> part, const Bytes& expected) {
  return std::equal(part.begin(), part.end(), expected.begin(), expected.end());
}

Bytes cut_at(const Bytes& whole, std::size_t length) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
}

// openssl ec -outform DER of the key of RFC 6979, A.2.5.
const char* const kOpenSslKey =
    "30770201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a00a06082a8648ce3d030107"
    "a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e956"
    "28bc64f2f1b20c2d7e9f5177a3c294d4462299";

}  // namespace

TEST_CASE("EC DER: OpenSSL's private key parses into its parts", "[crypto][der][ecdsa]") {
  const Bytes der = from_hex(kOpenSslKey);
  const auto parts = parse_ec_private_key(Curve::kP256, der);
  REQUIRE(parts.has_value());
  CHECK(same(parts->scalar, ec_scalar(Curve::kP256)));
  CHECK(same(parts->point, ec_point(Curve::kP256)));
}

TEST_CASE("EC DER: parameters and public key are optional", "[crypto][der][ecdsa][rfc5915]") {
  const auto curve = GENERATE(Curve::kP192, Curve::kP224, Curve::kP256, Curve::kP384, Curve::kP521);
  const Bytes scalar = ec_scalar(curve);
  const Bytes parameters = ec_parameters(curve);
  const Bytes point = ec_public_member(ec_point(curve));
  for (const Bytes& members : {Bytes{}, parameters, point, joined({parameters, point})}) {
    const Bytes der = ec_private_der(scalar, members);
    const auto parts = parse_ec_private_key(curve, der);
    REQUIRE(parts.has_value());
    CHECK(same(parts->scalar, scalar));
  }
  CHECK_FALSE(parse_ec_private_key(curve, ec_private_der(scalar, joined({point, parameters}))));
  CHECK_FALSE(parse_ec_private_key(curve, ec_private_der(scalar, joined({parameters, parameters}))));
  CHECK_FALSE(parse_ec_private_key(curve, ec_private_der(scalar, joined({point, point}))));
  CHECK_FALSE(parse_ec_private_key(curve, ec_private_der(scalar, der_integer({}))));
}

TEST_CASE("EC DER: parameters of another curve, or explicit ones, are refused", "[crypto][der][ecdsa]") {
  const Bytes scalar = ec_scalar(Curve::kP256);
  for (const Curve other : {Curve::kP192, Curve::kP224, Curve::kP384, Curve::kP521}) {
    CHECK_FALSE(parse_ec_private_key(Curve::kP256, ec_private_der(scalar, ec_parameters(other))));
  }
  const Bytes explicit_parameters = der_element(0xA0, der_sequence({der_integer(from_hex("01"))}));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, ec_private_der(scalar, explicit_parameters)));
  const Bytes cut_identifier = der_element(0xA0, der_element(0x06, from_hex("2a8648ce3d0301")));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, ec_private_der(scalar, cut_identifier)));
}

TEST_CASE("EC DER: a private key cut at any byte, or with bytes behind it, is refused",
          "[crypto][der][ecdsa][hostile]") {
  const Bytes der = from_hex(kOpenSslKey);
  for (std::size_t length = 0; length < der.size(); ++length) {
    // An allocation of exactly this length, so that AddressSanitizer sees a read past it.
    REQUIRE_FALSE(parse_ec_private_key(Curve::kP256, cut_at(der, length)));
  }
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, joined({der, {std::byte{0}}})));
}

// Whatever one byte becomes, nothing is read outside the key; most become another key or none.
TEST_CASE("EC DER: every byte changed in every bit parses or not, within bounds",
          "[crypto][der][ecdsa][hostile]") {
  const Bytes der = from_hex(kOpenSslKey);
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    Bytes changed = der;
    changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    const auto parts = parse_ec_private_key(Curve::kP256, changed);
    if (parts) CHECK(parts->scalar.size() + parts->point.size() < der.size());
  }
}

TEST_CASE("EC DER: other versions, empty scalars and bits left over are refused", "[crypto][der][ecdsa]") {
  const Bytes scalar = der_element(0x04, ec_scalar(Curve::kP256));
  CHECK(parse_ec_private_key(Curve::kP256, der_sequence({der_integer(from_hex("01")), scalar})));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, der_sequence({der_integer({}), scalar})));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, der_sequence({der_integer(from_hex("02")), scalar})));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, der_sequence({der_element(2, from_hex("0001")), scalar})));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, der_sequence({scalar})));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, ec_private_der({})));
  const Bytes unused_bits =
      der_element(0xA1, der_element(3, joined({from_hex("01"), ec_point(Curve::kP256)})));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, ec_private_der(ec_scalar(Curve::kP256), unused_bits)));
  const Bytes no_point = der_element(0xA1, der_element(3, from_hex("00")));
  CHECK_FALSE(parse_ec_private_key(Curve::kP256, ec_private_der(ec_scalar(Curve::kP256), no_point)));
}

TEST_CASE("ECDSA DER: a signature has one encoding", "[crypto][der][ecdsa][hostile]") {
  const Bytes good = from_hex("3006 020105 020103");
  const auto parts = parse_ecdsa_signature(good);
  REQUIRE(parts.has_value());
  CHECK(same(parts->r, from_hex("05")));
  CHECK(same(parts->s, from_hex("03")));
  const Bytes with_sign_octet = from_hex("3007 020200ff 020103");
  REQUIRE(parse_ecdsa_signature(with_sign_octet));
  CHECK(same(parse_ecdsa_signature(with_sign_octet)->r, from_hex("ff")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3006 020185 020103")));  // negative
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3006 020105 0201ff")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3007 02020005 020103")));  // needless zero
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3008 0203000080 020103")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3006 020100 020103")));  // zero
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3006 020105 020100")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("308106 020105 020103")));     // longer length than needed
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3080 020105 020103 0000")));  // indefinite
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3006 020105 020103 00")));    // something behind
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3009 020105 020103 020101")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3005 0200 020103")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3003 020105")));
  CHECK_FALSE(parse_ecdsa_signature(from_hex("3106 020105 020103")));
  CHECK_FALSE(parse_ecdsa_signature({}));
}

TEST_CASE("ECDSA DER: a signature cut at any byte is refused", "[crypto][der][ecdsa][hostile]") {
  const Bytes der = signature_der(Bytes(66, std::byte{1}), Bytes(66, std::byte{0xff}));
  REQUIRE(parse_ecdsa_signature(der));
  for (std::size_t length = 0; length < der.size(); ++length) {
    REQUIRE_FALSE(parse_ecdsa_signature(cut_at(der, length)));
  }
}

TEST_CASE("ECDSA DER: numbers are encoded in their shortest form", "[crypto][der][ecdsa]") {
  const std::size_t length = GENERATE(1U, 2U, 24U, 62U, 66U);
  for (const std::byte first : {std::byte{0x01}, std::byte{0x7f}, std::byte{0x80}, std::byte{0xff}}) {
    Bytes number(length, std::byte{0x42});
    number.front() = first;
    const Bytes wide = joined({Bytes(66 - length), number});
    CAPTURE(length, first);
    CHECK(same(encode_ecdsa_signature({.r = number, .s = wide}).bytes(), signature_der(number, number)));
  }
}
