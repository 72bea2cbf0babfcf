// Numbers that stand for algorithms on the wire, in all dialects (VIRTIO 1.4, 5.9.4; draft, G-02 to G-05).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <linux/virtio_crypto.h>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::devices::crypto_dev {

// A number on the wire. The standard's are also the bit numbers of its masks in config space (5.9.4).
template <typename Name>
struct Number {
  std::uint32_t wire;
  Name name;
};

inline constexpr Number<crypto::CipherAlgorithm> kCipherNumbers[] = {
    {VIRTIO_CRYPTO_CIPHER_ARC4, crypto::CipherAlgorithm::kArc4},
    {VIRTIO_CRYPTO_CIPHER_AES_ECB, crypto::CipherAlgorithm::kAesEcb},
    {VIRTIO_CRYPTO_CIPHER_AES_CBC, crypto::CipherAlgorithm::kAesCbc},
    {VIRTIO_CRYPTO_CIPHER_AES_CTR, crypto::CipherAlgorithm::kAesCtr},
    {VIRTIO_CRYPTO_CIPHER_DES_ECB, crypto::CipherAlgorithm::kDesEcb},
    {VIRTIO_CRYPTO_CIPHER_DES_CBC, crypto::CipherAlgorithm::kDesCbc},
    {VIRTIO_CRYPTO_CIPHER_3DES_ECB, crypto::CipherAlgorithm::kTripleDesEcb},
    {VIRTIO_CRYPTO_CIPHER_3DES_CBC, crypto::CipherAlgorithm::kTripleDesCbc},
    {VIRTIO_CRYPTO_CIPHER_3DES_CTR, crypto::CipherAlgorithm::kTripleDesCtr},
    {VIRTIO_CRYPTO_CIPHER_KASUMI_F8, crypto::CipherAlgorithm::kKasumiF8},
    {VIRTIO_CRYPTO_CIPHER_SNOW3G_UEA2, crypto::CipherAlgorithm::kSnow3gUea2},
    {VIRTIO_CRYPTO_CIPHER_AES_F8, crypto::CipherAlgorithm::kAesF8},
    {VIRTIO_CRYPTO_CIPHER_AES_XTS, crypto::CipherAlgorithm::kAesXts},
    {VIRTIO_CRYPTO_CIPHER_ZUC_EEA3, crypto::CipherAlgorithm::kZucEea3},
};
inline constexpr Number<crypto::HashAlgorithm> kHashNumbers[] = {
    {VIRTIO_CRYPTO_HASH_MD5, crypto::HashAlgorithm::kMd5},
    {VIRTIO_CRYPTO_HASH_SHA1, crypto::HashAlgorithm::kSha1},
    {VIRTIO_CRYPTO_HASH_SHA_224, crypto::HashAlgorithm::kSha224},
    {VIRTIO_CRYPTO_HASH_SHA_256, crypto::HashAlgorithm::kSha256},
    {VIRTIO_CRYPTO_HASH_SHA_384, crypto::HashAlgorithm::kSha384},
    {VIRTIO_CRYPTO_HASH_SHA_512, crypto::HashAlgorithm::kSha512},
    {VIRTIO_CRYPTO_HASH_SHA3_224, crypto::HashAlgorithm::kSha3_224},
    {VIRTIO_CRYPTO_HASH_SHA3_256, crypto::HashAlgorithm::kSha3_256},
    {VIRTIO_CRYPTO_HASH_SHA3_384, crypto::HashAlgorithm::kSha3_384},
    {VIRTIO_CRYPTO_HASH_SHA3_512, crypto::HashAlgorithm::kSha3_512},
    {VIRTIO_CRYPTO_HASH_SHA3_SHAKE128, crypto::HashAlgorithm::kShake128},
    {VIRTIO_CRYPTO_HASH_SHA3_SHAKE256, crypto::HashAlgorithm::kShake256},
};
constexpr std::uint32_t kMacZucEia3 = 54;  // not in linux/virtio_crypto.h
inline constexpr Number<crypto::MacAlgorithm> kMacNumbers[] = {
    {VIRTIO_CRYPTO_MAC_HMAC_MD5, crypto::MacAlgorithm::kHmacMd5},
    {VIRTIO_CRYPTO_MAC_HMAC_SHA1, crypto::MacAlgorithm::kHmacSha1},
    {VIRTIO_CRYPTO_MAC_HMAC_SHA_224, crypto::MacAlgorithm::kHmacSha224},
    {VIRTIO_CRYPTO_MAC_HMAC_SHA_256, crypto::MacAlgorithm::kHmacSha256},
    {VIRTIO_CRYPTO_MAC_HMAC_SHA_384, crypto::MacAlgorithm::kHmacSha384},
    {VIRTIO_CRYPTO_MAC_HMAC_SHA_512, crypto::MacAlgorithm::kHmacSha512},
    {VIRTIO_CRYPTO_MAC_CMAC_3DES, crypto::MacAlgorithm::kCmacTripleDes},
    {VIRTIO_CRYPTO_MAC_CMAC_AES, crypto::MacAlgorithm::kCmacAes},
    {VIRTIO_CRYPTO_MAC_KASUMI_F9, crypto::MacAlgorithm::kKasumiF9},
    {VIRTIO_CRYPTO_MAC_SNOW3G_UIA2, crypto::MacAlgorithm::kSnow3gUia2},
    {VIRTIO_CRYPTO_MAC_GMAC_AES, crypto::MacAlgorithm::kGmacAes},
    {VIRTIO_CRYPTO_MAC_GMAC_TWOFISH, crypto::MacAlgorithm::kGmacTwofish},
    {VIRTIO_CRYPTO_MAC_CBCMAC_AES, crypto::MacAlgorithm::kCbcMacAes},
    {VIRTIO_CRYPTO_MAC_CBCMAC_KASUMI_F9, crypto::MacAlgorithm::kCbcMacKasumi},
    {VIRTIO_CRYPTO_MAC_XCBC_AES, crypto::MacAlgorithm::kXcbcAes},
    {kMacZucEia3, crypto::MacAlgorithm::kZucEia3},
};
inline constexpr Number<crypto::AeadAlgorithm> kAeadNumbers[] = {
    {VIRTIO_CRYPTO_AEAD_GCM, crypto::AeadAlgorithm::kAesGcm},
    {VIRTIO_CRYPTO_AEAD_CCM, crypto::AeadAlgorithm::kAesCcm},
    {VIRTIO_CRYPTO_AEAD_CHACHA20_POLY1305, crypto::AeadAlgorithm::kChacha20Poly1305},
};
inline constexpr Number<crypto::Direction> kDirectionNumbers[] = {
    {VIRTIO_CRYPTO_OP_ENCRYPT, crypto::Direction::kEncrypt},
    {VIRTIO_CRYPTO_OP_DECRYPT, crypto::Direction::kDecrypt},
};
inline constexpr Number<crypto::ChainOrder> kChainOrderNumbers[] = {
    {VIRTIO_CRYPTO_SYM_ALG_CHAIN_ORDER_HASH_THEN_CIPHER, crypto::ChainOrder::kHashThenCipher},
    {VIRTIO_CRYPTO_SYM_ALG_CHAIN_ORDER_CIPHER_THEN_HASH, crypto::ChainOrder::kCipherThenHash},
};

template <typename Name, std::size_t count>
[[nodiscard]] std::optional<Name> name_of_number(const Number<Name> (&numbers)[count], std::uint32_t wire) {
  for (const Number<Name>& number : numbers) {
    if (number.wire == wire) return number.name;
  }
  return std::nullopt;
}

// For people: what a number of these stands for.
template <typename Name, std::size_t count>
[[nodiscard]] std::string_view text_of_number(const Number<Name> (&numbers)[count], std::uint64_t wire) {
  for (const Number<Name>& number : numbers) {
    if (number.wire == wire) return name_of(number.name);
  }
  return "unknown";
}

}  // namespace virtcrypt::devices::crypto_dev
