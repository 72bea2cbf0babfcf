// The curves of FIPS 186-4, D.1.2 on Crypto++, and points as SEC 1 writes them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <cryptopp/eccrypto.h>
#include <cryptopp/ecp.h>
#include <cryptopp/integer.h>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::crypto {

using EcPoint = CryptoPP::ECP::Point;

// Domain parameters with a table of multiples of the generator. Thread-safety: none, as Crypto++'s fields
// compute in members even where they are const; thread_curve() gives each thread its own.
class EcCurve {
 public:
  explicit EcCurve(Curve curve);

  // n, which is prime and has the cofactor 1 for all of these curves.
  [[nodiscard]] const CryptoPP::Integer& order() const { return parameters_.GetSubgroupOrder(); }
  // Of a scalar in a private key: ceil(log2(n) / 8).
  [[nodiscard]] std::size_t scalar_bytes() const { return order().ByteCount(); }

  // A point on the curve other than infinity, compressed or not (SEC 1, 2.3.4).
  [[nodiscard]] std::optional<EcPoint> decode(std::span<const std::byte> encoded) const;

  // `scalar` times the generator. `scalar` is 0 .. n - 1.
  [[nodiscard]] EcPoint multiply_generator(const CryptoPP::Integer& scalar) const;
  // The same for a secret scalar: as the sum of two products whose scalars are random each for itself, since
  // the time that a product takes depends on its scalar.
  [[nodiscard]] EcPoint multiply_generator_masked(CryptoPP::RandomNumberGenerator& random,
                                                  const CryptoPP::Integer& scalar) const;
  // u1 times the generator plus u2 times `point`.
  [[nodiscard]] EcPoint combine(const CryptoPP::Integer& u1, const CryptoPP::Integer& u2,
                                const EcPoint& point) const;

 private:
  CryptoPP::DL_GroupParameters_EC<CryptoPP::ECP> parameters_;
};

// The calling thread's own, made when it is first asked for.
[[nodiscard]] const EcCurve& thread_curve(Curve curve);

}  // namespace virtcrypt::crypto
