// What ECDSA sessions accept and refuse, apart from the vectors.
#include <atomic>
#include <thread>
#include <vector>

#include <cryptopp/integer.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/ecdsa_keys.h"
#include "tests/unit/crypto/rsa_keys.h"

using CryptoPP::Integer;
using virtcrypt::crypto::AkcipherAlgorithm;
using virtcrypt::crypto::Curve;
using virtcrypt::crypto::EcdsaParameters;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionPointer;
using namespace virtcrypt::tests;

namespace {

constexpr std::size_t kRoom = 139;
constexpr Curve kAllCurves[] = {Curve::kP192, Curve::kP224, Curve::kP256, Curve::kP384, Curve::kP521};

// SEC 2, 2.4.2.
const char* const kOrderP256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const char* const kPrimeP256 = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

SessionPointer signer(Curve curve = Curve::kP256) {
  return ecdsa_session(KeyType::kPrivate, curve, ec_private_der(ec_scalar(curve)));
}

SessionPointer verifier(Curve curve = Curve::kP256) {
  return ecdsa_session(KeyType::kPublic, curve, ec_point(curve));
}

Outcome verify(const SessionPointer& session, const Bytes& signature, const Bytes& digest) {
  return run(session, OperationKind::kVerify, signature, 0, {}, digest).outcome;
}

bool refused(KeyType type, Curve curve, const Bytes& key) {
  const auto session = engine().create_session(EcdsaParameters{type, curve, key});
  return !session && session.error() == Outcome::kFailed;
}

Bytes plus(const Bytes& number, long summand) {
  const Integer sum =
      Integer(reinterpret_cast<const CryptoPP::byte*>(number.data()), number.size()) + Integer(summand);
  Bytes result(number.size());
  sum.Encode(reinterpret_cast<CryptoPP::byte*>(result.data()), result.size());
  return result;
}

Bytes prefix(const Bytes& whole, std::size_t length) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
}

}  // namespace

TEST_CASE("ECDSA: the capability row is what create enforces", "[crypto][ecdsa][capabilities]") {
  const auto& rows = engine().capabilities().akciphers;
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].algorithm == AkcipherAlgorithm::kEcdsa);
  CHECK(rows[1].name == name_of(AkcipherAlgorithm::kEcdsa));
  CHECK(rows[1].min_modulus_bits == 192);
  CHECK(rows[1].max_modulus_bits == 521);
  const Bytes longest =
      ec_private_der(ec_scalar(Curve::kP521),
                     joined({ec_parameters(Curve::kP521), ec_public_member(ec_point(Curve::kP521))}));
  CHECK(longest.size() <= rows[1].max_key_bytes);
  CHECK(engine().create_session(EcdsaParameters{KeyType::kPrivate, Curve::kP521, longest}));
  CHECK(refused(KeyType::kPrivate, Curve::kP521, Bytes(rows[1].max_key_bytes + 1, std::byte{0x30})));
}

TEST_CASE("ECDSA: keys in every form sign and verify for each other", "[crypto][ecdsa]") {
  for (const Curve curve : kAllCurves) {
    CAPTURE(name_of(curve));
    const Bytes digest = pattern(32);
    const Bytes signature = run(signer(curve), OperationKind::kSign, digest, kRoom).output;
    CHECK(verify(signer(curve), signature, digest) == Outcome::kOk);
    CHECK(verify(verifier(curve), signature, digest) == Outcome::kOk);
    CHECK(verify(ecdsa_session(KeyType::kPublic, curve, ec_compressed_point(curve)), signature, digest) ==
          Outcome::kOk);
    CHECK(verify(verifier(curve), signature, pattern(20)) == Outcome::kSignatureInvalid);
    const Bytes full =
        ec_private_der(ec_scalar(curve), joined({ec_parameters(curve), ec_public_member(ec_point(curve))}));
    const Bytes compressed = ec_private_der(ec_scalar(curve), ec_public_member(ec_compressed_point(curve)));
    for (const Bytes& key : {full, compressed}) {
      const auto session = ecdsa_session(KeyType::kPrivate, curve, key);
      CHECK(run(session, OperationKind::kSign, digest, kRoom).output == signature);
    }
  }
}

TEST_CASE("ECDSA: operations that a session does not have are not supported", "[crypto][ecdsa]") {
  const Bytes digest = pattern(32);
  for (const auto kind : {OperationKind::kEncrypt, OperationKind::kDecrypt, OperationKind::kDigest}) {
    CHECK(run(signer(), kind, digest, kRoom).outcome == Outcome::kNotSupported);
    CHECK(run(verifier(), kind, digest, kRoom).outcome == Outcome::kNotSupported);
  }
  CHECK(run(verifier(), OperationKind::kSign, digest, kRoom).outcome == Outcome::kNotSupported);
}

TEST_CASE("ECDSA: digests of 1 to 128 bytes; only the leftmost bits count", "[crypto][ecdsa]") {
  const auto session = signer();
  const Bytes digest = pattern(128);
  CHECK(run(session, OperationKind::kSign, {}, kRoom).outcome == Outcome::kFailed);
  CHECK(run(session, OperationKind::kSign, pattern(129), kRoom).outcome == Outcome::kFailed);
  CHECK(verify(session, signature_der({std::byte{1}}, {std::byte{1}}), {}) == Outcome::kFailed);
  CHECK(verify(session, signature_der({std::byte{1}}, {std::byte{1}}), pattern(129)) == Outcome::kFailed);
  for (const std::size_t length : {1U, 16U, 20U, 28U, 31U, 33U, 48U, 64U, 128U}) {
    CAPTURE(length);
    const auto result = run(session, OperationKind::kSign, prefix(digest, length), kRoom);
    CHECK(result.outcome == Outcome::kOk);
    CHECK(verify(session, result.output, prefix(digest, length)) == Outcome::kOk);
    const bool same_number = length >= 32;
    CHECK((verify(session, result.output, prefix(digest, 32)) == Outcome::kOk) == same_number);
  }
}

TEST_CASE("ECDSA: P-521 counts bits, not bytes, of a long digest", "[crypto][ecdsa]") {
  const auto session = signer(Curve::kP521);
  Bytes digest(66, std::byte{0x5a});
  const Bytes signature = run(session, OperationKind::kSign, digest, kRoom).output;
  digest.back() ^= std::byte{0x7f};  // the seven bits beyond 521
  CHECK(verify(session, signature, digest) == Outcome::kOk);
  digest.back() ^= std::byte{0x80};
  CHECK(verify(session, signature, digest) == Outcome::kSignatureInvalid);
}

TEST_CASE("ECDSA: digests that are zero or above the order sign and verify", "[crypto][ecdsa]") {
  for (const Curve curve : kAllCurves) {
    for (const Bytes& digest : {Bytes(20), Bytes(66), Bytes(66, std::byte{0xff})}) {
      CAPTURE(name_of(curve), digest.size());
      const auto result = run(signer(curve), OperationKind::kSign, digest, kRoom);
      CHECK(result.outcome == Outcome::kOk);
      CHECK(verify(verifier(curve), result.output, digest) == Outcome::kOk);
    }
  }
}

TEST_CASE("ECDSA: output exactly as long as the signature will do, shorter fails", "[crypto][ecdsa]") {
  const Bytes digest = pattern(32);
  const Bytes signature = run(signer(), OperationKind::kSign, digest, kRoom).output;
  CHECK(run(signer(), OperationKind::kSign, digest, signature.size()).output == signature);
  const auto result = run(signer(), OperationKind::kSign, digest, signature.size() - 1);
  CHECK(result.outcome == Outcome::kFailed);
  CHECK(result.output.empty());
  CHECK(run(signer(), OperationKind::kSign, digest, 0).outcome == Outcome::kFailed);
}

TEST_CASE("ECDSA verify: numbers outside 1 to n - 1 are no signature", "[crypto][ecdsa][hostile]") {
  const auto session = verifier();
  const Bytes digest = pattern(32);
  const Bytes n = from_hex(kOrderP256);
  const Bytes one{std::byte{1}};
  for (const Bytes& number : {Bytes{}, n, plus(n, 1), Bytes(32, std::byte{0xff}), Bytes(66, std::byte{0x7f}),
                              from_hex(kPrimeP256)}) {
    CAPTURE(number.size());
    CHECK(verify(session, signature_der(number, one), digest) == Outcome::kSignatureInvalid);
    CHECK(verify(session, signature_der(one, number), digest) == Outcome::kSignatureInvalid);
    CHECK(verify(session, signature_der(number, number), digest) == Outcome::kSignatureInvalid);
  }
  CHECK(verify(session, signature_der(one, one), digest) == Outcome::kSignatureInvalid);
  CHECK(verify(session, signature_der(plus(n, -1), plus(n, -1)), digest) == Outcome::kSignatureInvalid);
}

// A digest of -r * d makes u1 G + u2 Q infinity, of r * d a sum of two equal points.
TEST_CASE("ECDSA verify: sums that meet infinity or double are handled", "[crypto][ecdsa][hostile]") {
  const auto number = [](const Bytes& bytes) {
    return Integer(reinterpret_cast<const CryptoPP::byte*>(bytes.data()), bytes.size());
  };
  const Integer n = number(from_hex(kOrderP256));
  const Integer d = number(ec_scalar(Curve::kP256));
  for (const Integer& scalar : {d, n - d}) {
    Bytes digest(32);
    scalar.Encode(reinterpret_cast<CryptoPP::byte*>(digest.data()), digest.size());
    const Bytes one{std::byte{1}};
    CHECK(verify(verifier(), signature_der(one, one), digest) == Outcome::kSignatureInvalid);
  }
}

TEST_CASE("ECDSA verify: signatures that are not DER are invalid, at every cut", "[crypto][ecdsa][hostile]") {
  const Bytes digest = pattern(32);
  const Bytes good = run(signer(), OperationKind::kSign, digest, kRoom).output;
  const auto session = verifier();
  for (std::size_t length = 0; length < good.size(); ++length) {
    REQUIRE(verify(session, prefix(good, length), digest) == Outcome::kSignatureInvalid);
  }
  CHECK(verify(session, joined({good, {std::byte{0}}}), digest) == Outcome::kSignatureInvalid);
  CHECK(verify(session, Bytes(140, std::byte{0x30}), digest) == Outcome::kSignatureInvalid);
  CHECK(verify(session, Bytes(1 << 20, std::byte{0x30}), digest) == Outcome::kSignatureInvalid);
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 3) {
    Bytes changed = good;
    changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    REQUIRE(verify(session, changed, digest) == Outcome::kSignatureInvalid);
  }
}

TEST_CASE("ECDSA keys: points that are none are refused", "[crypto][ecdsa][hostile]") {
  const Bytes good = ec_point(Curve::kP256);
  CHECK(refused(KeyType::kPublic, Curve::kP256, {}));
  CHECK(refused(KeyType::kPublic, Curve::kP256, from_hex("00")));
  CHECK(refused(KeyType::kPublic, Curve::kP256, Bytes(65)));
  CHECK(refused(KeyType::kPublic, Curve::kP256, joined({good, {std::byte{0}}})));
  for (std::size_t length = 0; length < good.size(); ++length) {
    REQUIRE(refused(KeyType::kPublic, Curve::kP256, prefix(good, length)));
  }
  Bytes off_curve = good;
  off_curve.back() ^= std::byte{1};
  CHECK(refused(KeyType::kPublic, Curve::kP256, off_curve));
  for (const unsigned form : {0U, 1U, 2U, 3U, 5U, 6U, 7U, 255U}) {
    Bytes other = good;
    other.front() = static_cast<std::byte>(form);
    CHECK(refused(KeyType::kPublic, Curve::kP256, other));
  }
  for (const Curve other : {Curve::kP192, Curve::kP224, Curve::kP384, Curve::kP521}) {
    CHECK(refused(KeyType::kPublic, other, good));
  }
  CHECK(refused(KeyType::kPublic, Curve::kP256, der_element(0x04, good)));  // with OCTET STRING header
}

TEST_CASE("ECDSA keys: coordinates beyond the field are refused, compressed ones too",
          "[crypto][ecdsa][hostile]") {
  const Bytes p = from_hex(kPrimeP256);
  CHECK(refused(KeyType::kPublic, Curve::kP256, joined({from_hex("02"), p})));
  CHECK(refused(KeyType::kPublic, Curve::kP256, joined({from_hex("02"), Bytes(32, std::byte{0xff})})));
  // x = 0 is on the curve and x = p would be the same; x = 1 has no y.
  CHECK_FALSE(refused(KeyType::kPublic, Curve::kP256, joined({from_hex("02"), Bytes(32)})));
  CHECK(refused(KeyType::kPublic, Curve::kP256, joined({from_hex("02"), plus(Bytes(32), 1)})));
}

TEST_CASE("ECDSA keys: scalars of 1 to n - 1 in their full length", "[crypto][ecdsa][hostile]") {
  const Bytes n = from_hex(kOrderP256);
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(Bytes(32))));
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(n)));
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(Bytes(32, std::byte{0xff}))));
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(Bytes(31, std::byte{1}))));
  CHECK(
      refused(KeyType::kPrivate, Curve::kP256, ec_private_der(joined({Bytes(1), ec_scalar(Curve::kP256)}))));
  for (const Bytes& scalar : {plus(Bytes(32), 1), plus(n, -1)}) {
    const auto session = ecdsa_session(KeyType::kPrivate, Curve::kP256, ec_private_der(scalar));
    const Bytes signature = run(session, OperationKind::kSign, pattern(32), kRoom).output;
    CHECK(verify(session, signature, pattern(32)) == Outcome::kOk);
  }
}

TEST_CASE("ECDSA keys: a public key that does not belong to the scalar is refused",
          "[crypto][ecdsa][hostile]") {
  const Bytes scalar = ec_scalar(Curve::kP256);
  Bytes negated = ec_compressed_point(Curve::kP256);
  negated.front() ^= std::byte{1};
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(scalar, ec_public_member(negated))));
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(scalar, ec_public_member(Bytes(65)))));
  CHECK(refused(KeyType::kPrivate, Curve::kP256,
                ec_private_der(plus(scalar, 1), ec_public_member(ec_point(Curve::kP256)))));
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_private_der(scalar, ec_parameters(Curve::kP384))));
  CHECK(refused(KeyType::kPrivate, Curve::kP256, ec_point(Curve::kP256)));
  CHECK(refused(KeyType::kPublic, Curve::kP256, ec_private_der(scalar)));
}

TEST_CASE("ECDSA: scattered input and output", "[crypto][ecdsa][scatter]") {
  const Bytes digest = pattern(32);
  const Bytes expected = run(signer(), OperationKind::kSign, digest, kRoom).output;
  Bytes signature(kRoom);
  const auto session = signer();
  const InputList input = cut(std::span<const std::byte>(digest), {0, 1, 20});
  const OutputList output = cut(std::span<std::byte>(signature), {3, 0, 40});
  Operation operation;
  operation.session = session.get();
  operation.kind = OperationKind::kSign;
  operation.input = input;
  operation.output = output;
  engine().execute({&operation, 1});
  CHECK(operation.outcome == Outcome::kOk);
  CHECK(operation.output_bytes == expected.size());
  CHECK(prefix(signature, expected.size()) == expected);
  CHECK(engine().estimated_ns(operation) > 50'000);
}

TEST_CASE("ECDSA: one session is used from many threads at once", "[crypto][ecdsa][threads]") {
  const auto session = signer();
  const Bytes digest = pattern(32);
  const Bytes expected = run(session, OperationKind::kSign, digest, kRoom).output;
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        Bytes signature(expected.size());
        const InputList input{digest};
        const OutputList output{signature};
        Operation operation;
        operation.session = session.get();
        operation.kind = OperationKind::kSign;
        operation.input = input;
        operation.output = output;
        engine().execute({&operation, 1});
        if (operation.outcome != Outcome::kOk || signature != expected) ++wrong;
        operation.kind = OperationKind::kVerify;
        const InputList made{signature};
        operation.input = made;
        operation.digest = digest;
        engine().execute({&operation, 1});
        if (operation.outcome != Outcome::kOk) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
