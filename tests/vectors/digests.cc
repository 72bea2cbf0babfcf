#include "tests/vectors/digests.h"

#include <cryptopp/aes.h>
#include <cryptopp/md5.h>
#include <cryptopp/sha.h>
#include <cryptopp/sha3.h>
#include <cryptopp/shake.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>

#include "tests/vectors/hex.h"
#include "tests/vectors/numbers.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"

namespace virtcrypt::vectors {
namespace {

using crypto::octets;
using Hash = CryptoPP::HashTransformation;

template <typename Algorithm>
std::unique_ptr<Hash> make() {
  return std::make_unique<Algorithm>();
}

struct NamedHash {
  std::string_view name;  // in capitals, without hyphens
  std::unique_ptr<Hash> (*make)();
  std::optional<std::uint32_t> rsa;
};

constexpr NamedHash kHashes[] = {
    {"MD5", make<CryptoPP::Weak::MD5>, number::kRsaMd5},
    {"SHA1", make<CryptoPP::SHA1>, number::kRsaSha1},
    {"SHA224", make<CryptoPP::SHA224>, number::kRsaSha224},
    {"SHA256", make<CryptoPP::SHA256>, number::kRsaSha256},
    {"SHA384", make<CryptoPP::SHA384>, number::kRsaSha384},
    {"SHA512", make<CryptoPP::SHA512>, number::kRsaSha512},
    {"SHA3224", make<CryptoPP::SHA3_224>, {}},
    {"SHA3256", make<CryptoPP::SHA3_256>, {}},
    {"SHA3384", make<CryptoPP::SHA3_384>, {}},
    {"SHA3512", make<CryptoPP::SHA3_512>, {}},
    {"SHAKE128", make<CryptoPP::SHAKE128>, {}},
    {"SHAKE256", make<CryptoPP::SHAKE256>, {}},
};

const NamedHash* find(std::string_view hash) {
  std::string name(hash);
  name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (const NamedHash& each : kHashes) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

using Block = std::array<std::byte, 16>;

// SP 800-38D, 6.3: bits of a block count from its front; R is 11100001 and 120 zeros.
Block product(const Block& x, Block v) {
  constexpr std::byte kR{0xe1};
  Block z{};
  for (unsigned i = 0; i < 128; ++i) {
    if ((x[i / 8] >> (7 - i % 8) & std::byte{1}) != std::byte{0})
      std::transform(z.begin(), z.end(), v.begin(), z.begin(),
                     [](std::byte a, std::byte b) { return a ^ b; });
    const bool carries = (v.back() & std::byte{1}) != std::byte{0};
    for (std::size_t k = v.size(); k-- > 0;)
      v[k] = v[k] >> 1 | (k > 0 ? v[k - 1] << 7 : std::byte{0});
    if (carries) v.front() ^= kR;
  }
  return z;
}

}  // namespace

std::optional<Bytes> digest_of(std::string_view hash, const Bytes& message) {
  const NamedHash* const found = find(hash);
  if (found == nullptr) return std::nullopt;
  const std::unique_ptr<Hash> algorithm = found->make();
  Bytes digest(algorithm->DigestSize());
  algorithm->CalculateDigest(octets(std::span(digest)), octets(std::span(message)), message.size());
  return digest;
}

std::optional<std::uint32_t> rsa_hash_number(std::string_view hash) {
  const NamedHash* const found = find(hash);
  return found == nullptr ? std::nullopt : found->rsa;
}

Bytes gcm_counter_block(const Bytes& key, const Bytes& iv) {
  Block h{};
  CryptoPP::AES::Encryption(reinterpret_cast<const CryptoPP::byte*>(key.data()), key.size())
      .ProcessBlock(octets(std::span<std::byte>(h)));
  // IV, zeros up to a whole block, eight zeros, the IV's length in bits.
  Bytes text = iv;
  text.resize((iv.size() + 15) / 16 * 16 + 8);
  for (unsigned i = 8; i-- > 0;)
    text.push_back(static_cast<std::byte>(std::uint64_t{iv.size()} * 8 >> (8 * i)));
  Block y{};
  for (std::size_t at = 0; at < text.size(); at += y.size()) {
    std::transform(y.begin(), y.end(), text.begin() + static_cast<std::ptrdiff_t>(at), y.begin(),
                   [](std::byte a, std::byte b) { return a ^ b; });
    y = product(y, h);
  }
  return {y.begin(), y.end()};
}

}  // namespace virtcrypt::vectors
