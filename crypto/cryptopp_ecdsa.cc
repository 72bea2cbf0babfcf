#include "virtcrypt/crypto/cryptopp_ecdsa.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <cryptopp/integer.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/cryptopp_random.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/ecdsa_curve.h"
#include "virtcrypt/crypto/ecdsa_der.h"
#include "virtcrypt/crypto/ecdsa_nonce.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto::cryptopp_ecdsa {
namespace {

using CryptoPP::Integer;

constexpr std::uint32_t kMinFieldBits = 192;
constexpr std::uint32_t kMaxFieldBits = 521;

// A private key of P-521 with its parameters and public key takes 223 octets.
constexpr std::uint32_t kMaxKeyBytes = 256;

constexpr std::array<AkcipherCapability, 1> kCapabilities{
    {{AkcipherAlgorithm::kEcdsa, "ECDSA", kMinFieldBits, kMaxFieldBits, kMaxKeyBytes, "FIPS 186-4",
      kCryptoppName}}};

// Bytes beyond the order's length change nothing. The longest hash of the standards gives 64; the copy that
// is made of the input has to end somewhere.
constexpr std::size_t kMaxDigestBytes = 128;

// SEQUENCE with a two-octet length, and two INTEGERs of 66 octets, of which the first is below 2, in P-521.
constexpr std::size_t kMaxSignatureBytes = 3 + 2 * (2 + 66);

struct EcdsaKey {
  EcPoint point;
  Integer scalar;  // zero in a public key
};

class EcdsaSession final : public CryptoppSession {
 public:
  EcdsaSession(Curve curve, EcdsaKey key)
      : CryptoppSession(Service::kAkcipher), curve_(curve), key_(std::move(key)) {}

  [[nodiscard]] Outcome execute(Operation& operation) const override;
  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override;

 private:
  [[nodiscard]] Outcome sign(Operation& operation) const;
  [[nodiscard]] Outcome verify(const Operation& operation) const;

  const Curve curve_;
  const EcdsaKey key_;
};

bool is_digest_length(std::size_t bytes) {
  return bytes >= 1 && bytes <= kMaxDigestBytes;
}

// The hash inside the HMAC that makes nonces. The one that digests of this length come from, so that
// signatures are those of every other implementation of RFC 6979; for lengths of no such hash, one as strong
// as the curve. The weakest, with SHA-1's digests, still keeps nonces secret to 128 bits (SP 800-90A, 10.1).
HashAlgorithm nonce_hash(Curve curve, std::size_t digest_length) {
  for (const HashAlgorithm hash : {HashAlgorithm::kSha1, HashAlgorithm::kSha224, HashAlgorithm::kSha256,
                                   HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    if (digest_bytes(hash) == digest_length) return hash;
  }
  switch (curve) {
    case Curve::kP384:
      return HashAlgorithm::kSha384;
    case Curve::kP521:
      return HashAlgorithm::kSha512;
    default:
      return HashAlgorithm::kSha256;
  }
}

struct Signature {
  Integer r;
  Integer s;
};

// FIPS 186-4, 6.4 (X9.62, 7.3). Crypto++'s integers take time according to their values, so no secret goes
// into a product with the generator or into an inversion without a random mask. nullopt: the nonce is none.
std::optional<Signature> sign_with(const EcCurve& curve, const Integer& scalar, const Integer& digest,
                                   const Integer& nonce) {
  const Integer& n = curve.order();
  CryptoPP::RandomNumberGenerator& random = thread_random();
  Signature signature;
  signature.r = curve.multiply_generator_masked(random, nonce).x % n;
  const Integer mask(random, Integer::One(), n - Integer::One());
  const Integer inverse = a_times_b_mod_c(nonce, mask, n).InverseMod(n);
  const Integer masked_scalar = a_times_b_mod_c(scalar, mask, n);
  const Integer masked_digest = a_times_b_mod_c(digest, mask, n);
  const Integer sum = (masked_digest + a_times_b_mod_c(masked_scalar, signature.r, n)) % n;
  signature.s = a_times_b_mod_c(inverse, sum, n);
  if (signature.r.IsZero() || signature.s.IsZero()) return std::nullopt;
  return signature;
}

SecureBuffer encode(const Signature& signature, std::size_t bytes) {
  SecureBuffer r(bytes);
  SecureBuffer s(bytes);
  signature.r.Encode(octets(r.bytes()), bytes);
  signature.s.Encode(octets(s.bytes()), bytes);
  return encode_ecdsa_signature({.r = r.bytes(), .s = s.bytes()});
}

Outcome EcdsaSession::execute(Operation& operation) const {
  if (operation.kind == OperationKind::kVerify) return verify(operation);
  if (operation.kind == OperationKind::kSign && !key_.scalar.IsZero()) return sign(operation);
  return Outcome::kNotSupported;
}

Outcome EcdsaSession::sign(Operation& operation) const {
  if (!is_digest_length(total_bytes(operation.input))) return Outcome::kFailed;
  const SecureBuffer digest = gather(operation.input);
  const EcCurve& curve = thread_curve(curve_);
  const Integer number = bits_to_integer(digest.bytes(), curve.order());
  NonceGenerator nonces(nonce_hash(curve_, digest.size()), curve.order(), key_.scalar, digest.bytes());
  std::optional<Signature> signature;
  while (!signature)
    signature = sign_with(curve, key_.scalar, number, nonces.next());
  const SecureBuffer encoded = encode(*signature, curve.scalar_bytes());
  if (total_bytes(operation.output) < encoded.size()) return Outcome::kFailed;
  OutputCursor output(operation.output);
  write(output, encoded.bytes());
  operation.output_bytes = encoded.size();
  return Outcome::kOk;
}

// FIPS 186-4, 6.4 (X9.62, 7.4). Nothing here is secret.
Outcome EcdsaSession::verify(const Operation& operation) const {
  if (!is_digest_length(operation.digest.size())) return Outcome::kFailed;
  if (total_bytes(operation.input) > kMaxSignatureBytes) return Outcome::kSignatureInvalid;
  const SecureBuffer encoded = gather(operation.input);
  const std::optional<EcdsaSignatureParts> parts = parse_ecdsa_signature(encoded.bytes());
  if (!parts) return Outcome::kSignatureInvalid;
  const EcCurve& curve = thread_curve(curve_);
  const Integer& n = curve.order();
  const Integer r(octets(parts->r), parts->r.size());
  const Integer s(octets(parts->s), parts->s.size());
  if (r >= n || s >= n) return Outcome::kSignatureInvalid;
  const Integer inverse = s.InverseMod(n);
  const Integer u1 = a_times_b_mod_c(bits_to_integer(operation.digest, n) % n, inverse, n);
  const Integer u2 = a_times_b_mod_c(r, inverse, n);
  const EcPoint sum = curve.combine(u1, u2, key_.point);
  return !sum.identity && sum.x % n == r ? Outcome::kOk : Outcome::kSignatureInvalid;
}

// From timing this code on one core of a 2020s server (AMD EPYC), from P-192 to P-521.
std::uint64_t EcdsaSession::estimated_ns(const Operation& operation) const {
  constexpr std::array<std::uint64_t, 5> kSignNs{700'000, 900'000, 1'400'000, 2'600'000, 7'000'000};
  constexpr std::array<std::uint64_t, 5> kVerifyNs{800'000, 1'100'000, 1'400'000, 2'900'000, 8'500'000};
  const auto index = static_cast<std::size_t>(curve_);
  return operation.kind == OperationKind::kSign ? kSignNs.at(index) : kVerifyNs.at(index);
}

std::optional<EcdsaKey> private_key(const EcCurve& curve, const EcdsaParameters& parameters) {
  const std::optional<EcPrivateKeyParts> parts = parse_ec_private_key(parameters.curve, parameters.key);
  if (!parts || parts->scalar.size() != curve.scalar_bytes()) return std::nullopt;
  EcdsaKey key;
  key.scalar = Integer(octets(parts->scalar), parts->scalar.size());
  if (key.scalar.IsZero() || key.scalar >= curve.order()) return std::nullopt;
  key.point = curve.multiply_generator_masked(thread_random(), key.scalar);
  if (parts->point.empty()) return key;
  const std::optional<EcPoint> stated = curve.decode(parts->point);
  return stated && *stated == key.point ? std::optional(key) : std::nullopt;
}

std::optional<EcdsaKey> parse_key(const EcdsaParameters& parameters) {
  if (parameters.key.size() > kMaxKeyBytes) return std::nullopt;
  const EcCurve& curve = thread_curve(parameters.curve);
  if (parameters.key_type == KeyType::kPrivate) return private_key(curve, parameters);
  const std::optional<EcPoint> point = curve.decode(parameters.key);
  return point ? std::optional(EcdsaKey{*point, Integer::Zero()}) : std::nullopt;
}

}  // namespace

std::span<const AkcipherCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const EcdsaParameters& parameters) {
  std::optional<EcdsaKey> key = parse_key(parameters);
  if (!key) return Unexpected<Outcome>(Outcome::kFailed);
  return make_session<EcdsaSession>(parameters.curve, *std::move(key));
}

}  // namespace virtcrypt::crypto::cryptopp_ecdsa
