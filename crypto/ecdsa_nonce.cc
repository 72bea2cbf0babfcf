#include "virtcrypt/crypto/ecdsa_nonce.h"

#include <algorithm>
#include <array>

#include <cryptopp/sha.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/key_memory.h"

namespace virtcrypt::crypto {
namespace {

using CryptoPP::Integer;

constexpr std::size_t kBitsPerByte = 8;

std::unique_ptr<CryptoPP::HMAC_Base> make_hmac(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::kSha1:
      return std::make_unique<InKeyMemory<CryptoPP::HMAC<CryptoPP::SHA1>>>();
    case HashAlgorithm::kSha224:
      return std::make_unique<InKeyMemory<CryptoPP::HMAC<CryptoPP::SHA224>>>();
    case HashAlgorithm::kSha384:
      return std::make_unique<InKeyMemory<CryptoPP::HMAC<CryptoPP::SHA384>>>();
    case HashAlgorithm::kSha512:
      return std::make_unique<InKeyMemory<CryptoPP::HMAC<CryptoPP::SHA512>>>();
    default:
      return std::make_unique<InKeyMemory<CryptoPP::HMAC<CryptoPP::SHA256>>>();
  }
}

void encode(const Integer& number, std::span<std::byte> room) {
  number.Encode(octets(room), room.size());
}

}  // namespace

Integer bits_to_integer(std::span<const std::byte> digest, const Integer& order) {
  const std::size_t order_bits = order.BitCount();
  const std::size_t order_bytes = order.ByteCount();
  const std::span<const std::byte> leftmost = digest.first(std::min(digest.size(), order_bytes));
  Integer number(octets(leftmost), leftmost.size());
  if (leftmost.size() * kBitsPerByte > order_bits) number >>= leftmost.size() * kBitsPerByte - order_bits;
  return number;
}

NonceGenerator::NonceGenerator(HashAlgorithm hash, const Integer& order, const Integer& private_key,
                               std::span<const std::byte> digest)
    : order_(order), hmac_(make_hmac(hash)), key_(hmac_->DigestSize()), value_(hmac_->DigestSize()) {
  const std::size_t bytes = order.ByteCount();
  SecureBuffer seed(2 * bytes);  // int2octets(x) and bits2octets(h1) (2.3.3, 2.3.4)
  encode(private_key, seed.bytes().first(bytes));
  encode(bits_to_integer(digest, order) % order, seed.bytes().last(bytes));
  std::fill(key_.bytes().begin(), key_.bytes().end(), std::byte{0});
  std::fill(value_.bytes().begin(), value_.bytes().end(), std::byte{1});
  stir(std::byte{0}, seed.bytes());
  stir(std::byte{1}, seed.bytes());
}

// Steps d and e, f and g: K = HMAC_K(V || separator || seed), V = HMAC_K(V).
void NonceGenerator::stir(std::byte separator, std::span<const std::byte> seed) {
  const std::array separators{separator};
  hmac_->SetKey(octets(key_.bytes()), key_.size());
  hmac_->Update(octets(value_.bytes()), value_.size());
  hmac_->Update(octets(separators), separators.size());
  if (!seed.empty()) hmac_->Update(octets(seed), seed.size());
  hmac_->Final(octets(key_.bytes()));
  hmac_->SetKey(octets(key_.bytes()), key_.size());
  turn();
}

void NonceGenerator::turn() {
  hmac_->CalculateDigest(octets(value_.bytes()), octets(value_.bytes()), value_.size());
}

Integer NonceGenerator::next() {
  while (true) {
    if (!first_) stir(std::byte{0}, {});
    first_ = false;
    SecureBuffer bits(order_.ByteCount());
    for (std::span<std::byte> room = bits.bytes(); !room.empty();) {
      turn();
      const std::size_t count = std::min(room.size(), value_.size());
      std::copy_n(value_.bytes().begin(), count, room.begin());
      room = room.subspan(count);
    }
    Integer nonce = bits_to_integer(bits.bytes(), order_);
    if (!nonce.IsZero() && nonce < order_) return nonce;
  }
}

}  // namespace virtcrypt::crypto
