#include "virtcrypt/crypto/ecdsa_curve.h"

#include <array>
#include <memory>

#include <cryptopp/oids.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"

namespace virtcrypt::crypto {
namespace {

using CryptoPP::Integer;

constexpr std::size_t kCurves = 5;

// Entries of the generator's table: a product takes a third less time than without, and more gain nothing.
constexpr unsigned kTableEntries = 16;

// The first octet of an encoded point (SEC 1, 2.3.3). Hybrid ones (06, 07) exist in X9.62 only, and 00 is
// infinity.
constexpr std::byte kCompressedEven{2};
constexpr std::byte kCompressedOdd{3};
constexpr std::byte kUncompressed{4};

CryptoPP::OID oid_of(Curve curve) {
  switch (curve) {
    case Curve::kP192:
      return CryptoPP::ASN1::secp192r1();
    case Curve::kP224:
      return CryptoPP::ASN1::secp224r1();
    case Curve::kP256:
      return CryptoPP::ASN1::secp256r1();
    case Curve::kP384:
      return CryptoPP::ASN1::secp384r1();
    case Curve::kP521:
      return CryptoPP::ASN1::secp521r1();
  }
  return {};
}

}  // namespace

EcCurve::EcCurve(Curve curve) : parameters_(oid_of(curve)) {
  parameters_.Precompute(kTableEntries);
}

std::optional<EcPoint> EcCurve::decode(std::span<const std::byte> encoded) const {
  if (encoded.empty()) return std::nullopt;
  const std::byte form = encoded.front();
  if (form != kCompressedEven && form != kCompressedOdd && form != kUncompressed) return std::nullopt;
  const CryptoPP::ECP& curve = parameters_.GetCurve();
  EcPoint point;
  if (encoded.size() != curve.EncodedPointSize(form != kUncompressed)) return std::nullopt;
  if (!curve.DecodePoint(point, octets(encoded), encoded.size())) return std::nullopt;
  // Coordinates below p, and the curve's equation; with the cofactor 1 that is membership in the group.
  if (point.identity || !curve.VerifyPoint(point)) return std::nullopt;
  return point;
}

EcPoint EcCurve::multiply_generator(const Integer& scalar) const {
  return parameters_.ExponentiateBase(scalar);
}

EcPoint EcCurve::multiply_generator_masked(CryptoPP::RandomNumberGenerator& random,
                                           const Integer& scalar) const {
  const Integer mask(random, Integer::One(), order() - Integer::One());
  const Integer rest = (scalar + order() - mask) % order();
  return parameters_.GetCurve().Add(multiply_generator(mask), multiply_generator(rest));
}

EcPoint EcCurve::combine(const Integer& u1, const Integer& u2, const EcPoint& point) const {
  const CryptoPP::ECP& curve = parameters_.GetCurve();
  const EcPoint product = curve.ScalarMultiply(point, u2);
  return curve.Add(multiply_generator(u1), product);
}

const EcCurve& thread_curve(Curve curve) {
  thread_local std::array<std::unique_ptr<const EcCurve>, kCurves> curves;
  auto& own = curves.at(static_cast<std::size_t>(curve));
  if (own == nullptr) own = std::make_unique<const EcCurve>(curve);
  return *own;
}

}  // namespace virtcrypt::crypto
