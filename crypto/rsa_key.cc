#include "virtcrypt/crypto/rsa_key.h"

#include <cryptopp/modarith.h>
#include <cryptopp/nbtheory.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"

namespace virtcrypt::crypto {
namespace {

using CryptoPP::Integer;

// A random number shares a factor with even the worst modulus (a product of all small primes, up to the
// largest size taken) in fewer than nine cases of ten, and with a real one never: so many tries fail by
// chance once in 10^11 keys that nobody uses.
constexpr int kBlindingAttempts = 256;

// Level 1 of Crypto++'s validation: all relations between the parts, without testing the primes for being
// prime.
constexpr unsigned kRelationsOnly = 1;

Integer integer_of(DerInteger part) {
  return {octets(part), part.size()};
}

// An exponent that Montgomery reduction and RSA can do with: odd, at least `least`, below the modulus.
bool is_exponent(const Integer& exponent, long least, const Integer& modulus) {
  return exponent.IsOdd() && exponent >= Integer(least) && exponent < modulus;
}

}  // namespace

std::optional<RsaKey> RsaKey::from(const RsaPublicKeyParts& parts, unsigned min_bits, unsigned max_bits) {
  RsaKey key;
  if (!key.set_public(parts.modulus, parts.public_exponent, min_bits, max_bits)) return std::nullopt;
  return key;
}

std::optional<RsaKey> RsaKey::from(const RsaPrivateKeyParts& parts, unsigned min_bits, unsigned max_bits) {
  RsaKey key;
  if (!key.set_public(parts.modulus, parts.public_exponent, min_bits, max_bits)) return std::nullopt;
  if (!key.set_private(parts)) return std::nullopt;
  return key;
}

bool RsaKey::set_public(DerInteger modulus, DerInteger exponent, unsigned min_bits, unsigned max_bits) {
  const Integer n = integer_of(modulus);
  const Integer e = integer_of(exponent);
  if (n.BitCount() < min_bits || n.BitCount() > max_bits || n.IsEven()) return false;
  if (!is_exponent(e, 3, n)) return false;
  public_.Initialize(n, e);
  return true;
}

bool RsaKey::set_private(const RsaPrivateKeyParts& parts) {
  private_exponent_ = integer_of(parts.private_exponent);
  if (!is_exponent(private_exponent_, 1, modulus())) return false;
  const Integer p = integer_of(parts.prime1);
  const Integer q = integer_of(parts.prime2);
  const Integer dp = integer_of(parts.exponent1);
  const Integer dq = integer_of(parts.exponent2);
  const Integer u = integer_of(parts.coefficient);
  if (p.IsZero() && q.IsZero() && dp.IsZero() && dq.IsZero() && u.IsZero()) return true;
  crt_.emplace().Initialize(modulus(), public_exponent(), private_exponent_, p, q, dp, dq, u);
  return crt_->Validate(CryptoPP::NullRNG(), kRelationsOnly);
}

Integer RsaKey::apply_public(const Integer& representative) const {
  return public_.ApplyFunction(representative);
}

Integer RsaKey::apply_private(CryptoPP::RandomNumberGenerator& random, const Integer& representative) const {
  if (crt_) return crt_->CalculateInverse(random, representative);
  return apply_plain_exponent(random, representative);
}

// What CalculateInverse does with CRT parts, for keys that lack them: blind, raise, unblind, check.
Integer RsaKey::apply_plain_exponent(CryptoPP::RandomNumberGenerator& random,
                                     const Integer& representative) const {
  const Integer& n = modulus();
  const CryptoPP::ModularArithmetic modulo_n(n);
  Integer factor;
  Integer inverse;
  for (int attempt = 0; inverse.IsZero(); ++attempt) {
    if (attempt == kBlindingAttempts)
      throw CryptoPP::InvalidArgument("RSA: modulus has no invertible factor");
    factor.Randomize(random, Integer::One(), n - Integer::One());
    inverse = modulo_n.MultiplicativeInverse(factor);
  }
  const Integer blinded = modulo_n.Multiply(apply_public(factor), representative);
  const Integer result = modulo_n.Multiply(a_exp_b_mod_c(blinded, private_exponent_, n), inverse);
  if (apply_public(result) != representative)
    throw CryptoPP::InvalidArgument("RSA: exponents do not belong together");
  return result;
}

}  // namespace virtcrypt::crypto
