// ECDSA against published vectors: RFC 6979 and NIST CAVP.
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/crypto/ecdsa_keys.h"
#include "tests/unit/crypto/ecdsa_rfc6979_vectors.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::Curve;
using virtcrypt::crypto::EcdsaParameters;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::CavpCase;
using virtcrypt::tests::curve_named;
using virtcrypt::tests::ec_private_der;
using virtcrypt::tests::ec_scalar;
using virtcrypt::tests::ecdsa_session;
using virtcrypt::tests::engine;
using virtcrypt::tests::field_bytes;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::read_cavp;
using virtcrypt::tests::Result;
using virtcrypt::tests::run;
using virtcrypt::tests::sha_digest;
using virtcrypt::tests::signature_der;
using virtcrypt::tests::uncompressed_point;

namespace {

constexpr std::size_t kRoom = 139;  // of the longest signature

Bytes bytes_of(const std::string& text) {
  const auto octets = std::as_bytes(std::span(text));
  return {octets.begin(), octets.end()};
}

// Sections of CAVP name curve and hash ("P-256,SHA-1"); those of binary fields (K-, B-) are not ours.
bool is_ours(const CavpCase& test) {
  return test.section.starts_with("P-");
}

Curve curve_of(const CavpCase& test) {
  return curve_named(test.section.substr(0, test.section.find(',')));
}

Bytes digest_of(const CavpCase& test) {
  return sha_digest(test.section.substr(test.section.find(',') + 1), test.bytes("Msg"));
}

// A number, in P-521 written with an odd count of digits.
Bytes number(const CavpCase& test, const std::string& name) {
  const std::string& digits = test.text(name);
  return from_hex(std::string(digits.size() % 2, '0') + digits);
}

Bytes point_of(const CavpCase& test) {
  return uncompressed_point(number(test, "Qx"), number(test, "Qy"), field_bytes(curve_of(test)));
}

Outcome verify(const CavpCase& test) {
  const auto session = ecdsa_session(KeyType::kPublic, curve_of(test), point_of(test));
  return run(session, OperationKind::kVerify, signature_der(number(test, "R"), number(test, "S")), 0, {},
             digest_of(test))
      .outcome;
}

}  // namespace

TEST_CASE("ECDSA: signatures of RFC 6979, A.2.3 to A.2.7", "[crypto][ecdsa][rfc6979]") {
  std::size_t count = 0;
  for (const auto& vector : virtcrypt::tests::rfc6979::kVectors) {
    CAPTURE(name_of(vector.curve), vector.hash, vector.message);
    const auto session =
        ecdsa_session(KeyType::kPrivate, vector.curve, ec_private_der(ec_scalar(vector.curve)));
    const Bytes digest = sha_digest(vector.hash, bytes_of(vector.message));
    const Result result = run(session, OperationKind::kSign, digest, kRoom);
    CHECK(result.outcome == Outcome::kOk);
    CHECK(result.output == signature_der(from_hex(vector.r), from_hex(vector.s)));
    CHECK(run(session, OperationKind::kVerify, result.output, 0, {}, digest).outcome == Outcome::kOk);
    ++count;
  }
  CHECK(count == 50);
}

TEST_CASE("ECDSA: NIST CAVP SigGen signatures verify, and so do ours with the same keys",
          "[crypto][ecdsa][cavp]") {
  std::size_t count = 0;
  for (const auto& test : read_cavp("asymmetric/ECDSA/FIPS_186-3/SigGen.txt", "S")) {
    if (!is_ours(test)) continue;
    CAPTURE(test.section, count++);
    CHECK(verify(test) == Outcome::kOk);
    const Bytes digest = digest_of(test);
    const auto signer = ecdsa_session(KeyType::kPrivate, curve_of(test), ec_private_der(number(test, "d")));
    const auto verifier = ecdsa_session(KeyType::kPublic, curve_of(test), point_of(test));
    const Result result = run(signer, OperationKind::kSign, digest, kRoom);
    CHECK(result.outcome == Outcome::kOk);
    CHECK(run(verifier, OperationKind::kVerify, result.output, 0, {}, digest).outcome == Outcome::kOk);
  }
  CHECK(count == 375);
}

TEST_CASE("ECDSA: NIST CAVP SigVer cases, good and forged", "[crypto][ecdsa][cavp]") {
  const auto* const file =
      GENERATE("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", "asymmetric/ECDSA/FIPS_186-2/SigVer.rsp");
  std::size_t good = 0;
  std::size_t forged = 0;
  for (auto test : read_cavp(file, "Result")) {
    if (!is_ours(test)) continue;
    CAPTURE(test.section, test.text("Result"), test.text("S"));
    if (test.section.find(',') == std::string::npos) test.section += ",SHA-1";  // FIPS 186-2 knows no other
    const bool passes = test.text("Result").front() == 'P';
    CHECK(verify(test) == (passes ? Outcome::kOk : Outcome::kSignatureInvalid));
    ++(passes ? good : forged);
  }
  CHECK(good > 10);
  CHECK(forged > 50);
}

TEST_CASE("ECDSA: NIST CAVP PKV points are taken or refused", "[crypto][ecdsa][cavp]") {
  const auto* const file =
      GENERATE("asymmetric/ECDSA/FIPS_186-3/PKV.rsp", "asymmetric/ECDSA/FIPS_186-2/PKV.rsp");
  std::size_t good = 0;
  std::size_t bad = 0;
  for (const auto& test : read_cavp(file, "Result")) {
    if (!is_ours(test)) continue;
    CAPTURE(test.section, test.text("Result"), test.text("Qx"));
    const std::size_t digits = 2 * field_bytes(curve_of(test));
    const bool passes = test.text("Result").front() == 'P';
    // Coordinates beyond the field are too long for the encoding, or too large.
    const auto padded = [digits](std::string text) {
      const std::size_t zeros = text.size() < digits ? digits - text.size() : text.size() % 2;
      return from_hex(std::string(zeros, '0') + text);
    };
    const Bytes x = padded(test.text("Qx"));
    const Bytes y = padded(test.text("Qy"));
    Bytes point{std::byte{4}};
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    const auto session = engine().create_session(EcdsaParameters{KeyType::kPublic, curve_of(test), point});
    CHECK(session.has_value() == passes);
    if (!session) CHECK(session.error() == Outcome::kFailed);
    ++(passes ? good : bad);
  }
  CHECK(good > 10);
  CHECK(bad > 20);
}
