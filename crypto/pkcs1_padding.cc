#include "virtcrypt/crypto/pkcs1_padding.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <cryptopp/pkcspad.h>
#include <cryptopp/sha.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"

namespace virtcrypt::crypto {
namespace {

constexpr std::size_t kHeader = 2;       // 00 and the block type
constexpr std::size_t kMinimumFill = 8;  // RFC 8017, 7.2.1 and 9.2
constexpr std::size_t kSeparator = 1;    // 00
constexpr std::size_t kOverhead = kHeader + kMinimumFill + kSeparator;
constexpr std::byte kSignatureBlock{1};
constexpr std::byte kEncryptionBlock{2};

template <typename Hash>
std::span<const std::byte> prefix() {
  using Decoration = CryptoPP::PKCS_DigestDecoration<Hash>;
  return std::as_bytes(std::span(Decoration::decoration, Decoration::length));
}

// RSADSI's digest algorithms (RFC 8017, B.1) differ in the last arc of their object identifier.
template <std::uint8_t arc>
std::span<const std::byte> rsadsi_prefix() {
  static constexpr std::array<std::uint8_t, 18> kPrefix{0x30, 0x20, 0x30, 0x0C, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                                        0x86, 0xF7, 0x0D, 0x02, arc,  0x05, 0x00, 0x04, 0x10};
  return std::as_bytes(std::span(kPrefix));
}

// The octets of DigestInfo in front of the digest (RFC 8017, 9.2, note 1); none with kNone and with hashes
// that has_digest_info() denies.
std::span<const std::byte> digest_info_prefix(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::kNone:
      return {};
    case HashAlgorithm::kMd2:
      return rsadsi_prefix<2>();
    case HashAlgorithm::kMd4:
      return rsadsi_prefix<4>();
    case HashAlgorithm::kMd5:
      return rsadsi_prefix<5>();
    case HashAlgorithm::kSha1:
      return prefix<CryptoPP::SHA1>();
    case HashAlgorithm::kSha224:
      return prefix<CryptoPP::SHA224>();
    case HashAlgorithm::kSha256:
      return prefix<CryptoPP::SHA256>();
    case HashAlgorithm::kSha384:
      return prefix<CryptoPP::SHA384>();
    case HashAlgorithm::kSha512:
      return prefix<CryptoPP::SHA512>();
    default:
      return {};
  }
}

// 1 when `octet` is 0, else 0, without a branch.
std::uint32_t is_zero(std::byte octet) {
  return (std::to_integer<std::uint32_t>(octet) - 1U) >> 31U;
}

}  // namespace

bool pad_for_encryption(CryptoPP::RandomNumberGenerator& random, std::span<const std::byte> message,
                        std::span<std::byte> encoded) {
  if (encoded.size() < kOverhead || message.size() > encoded.size() - kOverhead) return false;
  const std::span<std::byte> fill =
      encoded.subspan(kHeader, encoded.size() - message.size() - kSeparator - kHeader);
  encoded[0] = std::byte{0};
  encoded[1] = kEncryptionBlock;
  std::generate(fill.begin(), fill.end(),
                [&random] { return static_cast<std::byte>(random.GenerateWord32(1, 0xff)); });
  encoded[kHeader + fill.size()] = std::byte{0};
  std::copy(message.begin(), message.end(), encoded.last(message.size()).begin());
  return true;
}

// Crypto++'s own unpadding is not used: it takes a block without any separator for an empty message.
std::optional<std::span<const std::byte>> unpad_decrypted(std::span<const std::byte> encoded) {
  if (encoded.size() < kOverhead) return std::nullopt;
  std::uint32_t wrong = std::to_integer<std::uint32_t>(encoded[0] | (encoded[1] ^ kEncryptionBlock));
  std::uint32_t searching = 1;
  std::size_t separator = 0;  // where it is; stays 0, which is too early, when there is none
  for (std::size_t i = kHeader; i < encoded.size(); ++i) {
    const std::uint32_t found = searching & is_zero(encoded[i]);
    separator += i * found;
    searching ^= found;
  }
  wrong |= static_cast<std::uint32_t>(separator < kHeader + kMinimumFill);
  if (wrong != 0) return std::nullopt;
  return encoded.subspan(separator + kSeparator);
}

bool has_digest_info(HashAlgorithm hash) {
  return hash == HashAlgorithm::kNone || !digest_info_prefix(hash).empty();
}

bool encode_for_signature(HashAlgorithm hash, std::span<const std::byte> digest,
                          std::span<std::byte> encoded) {
  if (!has_digest_info(hash)) return false;
  if (hash != HashAlgorithm::kNone && digest.size() != digest_bytes(hash)) return false;
  const std::span<const std::byte> info = digest_info_prefix(hash);
  if (encoded.size() < kOverhead + info.size() || digest.size() > encoded.size() - kOverhead - info.size()) {
    return false;
  }
  const std::size_t fill = encoded.size() - digest.size() - info.size() - kSeparator - kHeader;
  encoded[0] = std::byte{0};
  encoded[1] = kSignatureBlock;
  std::fill_n(encoded.begin() + kHeader, fill, std::byte{0xff});
  encoded[kHeader + fill] = std::byte{0};
  std::copy(info.begin(), info.end(), encoded.last(info.size() + digest.size()).begin());
  std::copy(digest.begin(), digest.end(), encoded.last(digest.size()).begin());
  return true;
}

}  // namespace virtcrypt::crypto
