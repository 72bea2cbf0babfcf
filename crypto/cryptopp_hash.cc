#include "virtcrypt/crypto/cryptopp_hash.h"

#include <array>
#include <memory>

#include <cryptopp/md5.h>
#include <cryptopp/misc.h>
#include <cryptopp/sha.h>
#include <cryptopp/sha3.h>
#include <cryptopp/shake.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/digest.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto::cryptopp_hash {
namespace {

struct Row;
using Make = SessionPointer (*)(const Row& row, const HashParameters& parameters);

struct Row {
  HashCapability capability;
  Make make;
  Cost cost;
};

// The hash objects are small and start on the stack of each operation; the session itself holds no state.
template <typename Hash>
class HashSession final : public CryptoppSession {
 public:
  HashSession(const Row& row, const HashParameters& parameters)
      : CryptoppSession(Service::kHash, row.cost), result_bytes_(parameters.result_bytes) {}

  [[nodiscard]] Outcome execute(Operation& operation) const override {
    if (const Outcome checked = check_digest(operation, result_bytes_, Hash::DIGESTSIZE);
        checked != Outcome::kOk) {
      return checked;
    }
    Hash hash;
    for_each_piece(operation.input,
                   [&hash](std::span<const std::byte> piece) { hash.Update(octets(piece), piece.size()); });
    std::array<CryptoPP::byte, Hash::DIGESTSIZE> digest;
    hash.Final(digest.data());
    write_digest(operation, std::as_bytes(std::span(digest)));
    return Outcome::kOk;
  }

 private:
  std::uint32_t result_bytes_;
};

// SHAKE has no digest length of its own: it squeezes as many bytes as the operation has room for.
template <typename Shake>
class ShakeSession final : public CryptoppSession {
 public:
  ShakeSession(const Row& row, const HashParameters& parameters)
      : CryptoppSession(Service::kHash, row.cost), result_bytes_(parameters.result_bytes) {}

  [[nodiscard]] Outcome execute(Operation& operation) const override {
    if (const Outcome checked = check_digest(operation, result_bytes_, kMaxShakeBytes);
        checked != Outcome::kOk) {
      return checked;
    }
    Shake shake;
    for_each_piece(operation.input,
                   [&shake](std::span<const std::byte> piece) { shake.Update(octets(piece), piece.size()); });
    squeeze(shake, operation);
    return Outcome::kOk;
  }

  // Squeezing costs as much a byte as absorbing.
  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    return cost().of(total_bytes(operation.input) + total_bytes(operation.output));
  }

 private:
  // Crypto++ squeezes into one piece of memory only, and all at once.
  static void squeeze(Shake& shake, Operation& operation) {
    if (operation.output.size() == 1) {
      operation.output_bytes = operation.output.front().size();
      shake.TruncatedFinal(octets(operation.output.front()), operation.output_bytes);
      return;
    }
    SecureBuffer digest(total_bytes(operation.output));
    shake.TruncatedFinal(octets(digest.bytes()), digest.size());
    write_digest(operation, digest.bytes());
  }

  std::uint32_t result_bytes_;
};

template <typename SomeSession>
SessionPointer make(const Row& row, const HashParameters& parameters) {
  return make_session<SomeSession>(row, parameters);
}

template <typename Hash>
constexpr Row plain(HashAlgorithm algorithm, std::string_view name, std::string_view source,
                    const Cost& cost) {
  return {{algorithm, name, Hash::DIGESTSIZE, source, kCryptoppName}, make<HashSession<Hash>>, cost};
}

template <typename Shake>
constexpr Row extendable(HashAlgorithm algorithm, std::string_view name, const Cost& cost) {
  return {{algorithm, name, kMaxShakeBytes, "FIPS 202, 6.2", kCryptoppName}, make<ShakeSession<Shake>>, cost};
}

constexpr std::array kRows{
    plain<CryptoPP::Weak1::MD5>(HashAlgorithm::kMd5, "MD5", "RFC 1321", {200, 1700}),
    plain<CryptoPP::SHA1>(HashAlgorithm::kSha1, "SHA-1", "FIPS 180-4, 6.1", {200, 600}),
    plain<CryptoPP::SHA224>(HashAlgorithm::kSha224, "SHA-224", "FIPS 180-4, 6.3", {200, 600}),
    plain<CryptoPP::SHA256>(HashAlgorithm::kSha256, "SHA-256", "FIPS 180-4, 6.2", {200, 600}),
    plain<CryptoPP::SHA384>(HashAlgorithm::kSha384, "SHA-384", "FIPS 180-4, 6.5", {400, 2000}),
    plain<CryptoPP::SHA512>(HashAlgorithm::kSha512, "SHA-512", "FIPS 180-4, 6.4", {400, 2000}),
    plain<CryptoPP::SHA3_224>(HashAlgorithm::kSha3_224, "SHA3-224", "FIPS 202, 6.1", {400, 2500}),
    plain<CryptoPP::SHA3_256>(HashAlgorithm::kSha3_256, "SHA3-256", "FIPS 202, 6.1", {400, 2600}),
    plain<CryptoPP::SHA3_384>(HashAlgorithm::kSha3_384, "SHA3-384", "FIPS 202, 6.1", {400, 3400}),
    plain<CryptoPP::SHA3_512>(HashAlgorithm::kSha3_512, "SHA3-512", "FIPS 202, 6.1", {400, 4900}),
    extendable<CryptoPP::SHAKE128>(HashAlgorithm::kShake128, "SHAKE128", {400, 2200}),
    extendable<CryptoPP::SHAKE256>(HashAlgorithm::kShake256, "SHAKE256", {400, 2600}),
};

constexpr auto kCapabilities = capabilities_of(kRows);

}  // namespace

std::span<const HashCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const HashParameters& parameters) {
  const Row* const row = find_row(kRows, parameters.algorithm);
  if (row == nullptr) return Unexpected<Outcome>(Outcome::kNotSupported);
  if (parameters.result_bytes == 0) return Unexpected<Outcome>(Outcome::kFailed);
  return row->make(*row, parameters);
}

}  // namespace virtcrypt::crypto::cryptopp_hash
