#include "virtcrypt/crypto/cryptopp_mac.h"

#include <array>
#include <memory>
#include <utility>

#include <cryptopp/aes.h>
#include <cryptopp/gcm.h>
#include <cryptopp/md5.h>
#include <cryptopp/misc.h>
#include <cryptopp/sha.h>
#include <cryptopp/twofish.h>

#include "virtcrypt/crypto/block_mac.h"
#include "virtcrypt/crypto/cryptopp_block_cipher.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/digest.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/mac_session.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto::cryptopp_mac {
namespace {

using CryptoPP::BlockTransformation;
using CryptoPP::FixedSizeSecBlock;

// RFC 2104, 4: the states behind the two padded keys are computed once and copied for each text.
template <typename Hash>
class HmacSession final : public MacSession {
 public:
  HmacSession(const MacRow& row, const MacParameters& parameters)
      : MacSession(EngineId::kCryptopp, row, parameters) {
    constexpr CryptoPP::byte kInnerPad = 0x36;
    constexpr CryptoPP::byte kOuterPad = 0x5c;
    Block key;
    std::fill(key.begin(), key.end(), CryptoPP::byte{0});
    if (parameters.key.size() > key.size()) {
      Hash().CalculateDigest(key, octets(parameters.key), parameters.key.size());
    } else {
      std::copy_n(octets(parameters.key), parameters.key.size(), key.begin());
    }
    absorb_padded(inner_, key, kInnerPad);
    absorb_padded(outer_, key, kOuterPad);
  }

 private:
  using Block = FixedSizeSecBlock<CryptoPP::byte, Hash::BLOCKSIZE>;

  static void absorb_padded(Hash& hash, Block key, CryptoPP::byte pad) {
    for (CryptoPP::byte& octet : key)
      octet ^= pad;
    hash.Update(key, key.size());
  }

  [[nodiscard]] Outcome compute(Operation& operation) const override {
    FixedSizeSecBlock<CryptoPP::byte, Hash::DIGESTSIZE> digest;
    Hash inner = inner_;
    for_each_piece(operation.input,
                   [&inner](std::span<const std::byte> piece) { inner.Update(octets(piece), piece.size()); });
    inner.Final(digest);
    Hash outer = outer_;
    outer.Update(digest, digest.size());
    outer.Final(digest);
    write_digest(operation, std::as_bytes(std::span(digest.data(), digest.size())));
    return Outcome::kOk;
  }

  Hash inner_;
  Hash outer_;
};

// CBC-MAC, CMAC and XCBC.
class BlockMacSession final : public MacSession {
 public:
  BlockMacSession(const MacRow& row, const MacParameters& parameters, KeyedBlockCipher cipher, LastBlock last)
      : MacSession(EngineId::kCryptopp, row, parameters),
        cipher_(std::move(cipher)),
        last_(std::move(last)) {}

 private:
  [[nodiscard]] Outcome compute(Operation& operation) const override {
    cipher_.with([&](const BlockTransformation& cipher) {
      BlockMac mac(cipher);
      for_each_piece(operation.input, [&mac](std::span<const std::byte> piece) { mac.update(piece); });
      write_digest(operation, mac.finish(last_));
    });
    return Outcome::kOk;
  }

  KeyedBlockCipher cipher_;
  LastBlock last_;
};

// SP 800-38D, 6.4: GCM without text is GMAC of its AAD. The keyed object holds the tables of its field; each
// operation works on a copy.
template <typename Cipher>
class GmacSession final : public MacSession {
 public:
  GmacSession(const MacRow& row, const MacParameters& parameters)
      : MacSession(EngineId::kCryptopp, row, parameters) {
    // Crypto++ wants an IV at once; Resynchronize starts every text with its own.
    constexpr std::array<CryptoPP::byte, kIvBytes> kNoIv{};
    gcm_.SetKeyWithIV(octets(parameters.key), parameters.key.size(), kNoIv.data(), kNoIv.size());
  }

 private:
  using Gcm = typename CryptoPP::GCM<Cipher>::Encryption;
  static constexpr std::size_t kIvBytes = 12;
  static constexpr std::size_t kTagBytes = 16;

  [[nodiscard]] Outcome compute(Operation& operation) const override {
    std::array<std::byte, kIvBytes> iv;
    InputCursor text(operation.input);
    read(text, iv);
    Gcm gcm = gcm_;
    gcm.Resynchronize(octets(std::span<const std::byte>(iv)), kIvBytes);
    for (auto piece = text.front(); !piece.empty(); piece = text.front()) {
      gcm.Update(octets(piece), piece.size());
      text.advance(piece.size());
    }
    FixedSizeSecBlock<CryptoPP::byte, kTagBytes> tag;
    gcm.TruncatedFinal(tag, tag.size());
    write_digest(operation, std::as_bytes(std::span(tag.data(), tag.size())));
    return Outcome::kOk;
  }

  Gcm gcm_;
};

template <BlockCipher kCipher>
SessionPointer make_cmac(const MacRow& row, const MacParameters& parameters) {
  KeyedBlockCipher cipher(kCipher, Direction::kEncrypt, parameters.key);
  LastBlock last = cipher.with(cmac_last_block);
  return make_session<BlockMacSession>(row, parameters, std::move(cipher), std::move(last));
}

SessionPointer make_cbc_mac(const MacRow& row, const MacParameters& parameters) {
  return make_session<BlockMacSession>(
      row, parameters, KeyedBlockCipher(BlockCipher::kAes, Direction::kEncrypt, parameters.key),
      cbc_mac_last_block());
}

// RFC 3566, 4: K1, K2 and K3 are blocks of 1s, 2s and 3s, enciphered with K.
SessionPointer make_xcbc(const MacRow& row, const MacParameters& parameters) {
  const KeyedBlockCipher cipher(BlockCipher::kAes, Direction::kEncrypt, parameters.key);
  const auto derived = [&cipher](CryptoPP::byte octet) {
    MacBlock block;
    std::fill(block.begin(), block.end(), octet);
    cipher.with([&block](const BlockTransformation& aes) { aes.ProcessBlock(block); });
    return block;
  };
  const MacBlock k1 = derived(1);
  constexpr CryptoPP::byte kOneAndZeros = 0x80;
  return make_session<BlockMacSession>(row, parameters,
                                       KeyedBlockCipher(BlockCipher::kAes, Direction::kEncrypt,
                                                        std::as_bytes(std::span(k1.data(), k1.size()))),
                                       LastBlock{kOneAndZeros, derived(2), derived(3)});
}

constexpr KeyBytes kAnyKey{0, kMaxMacKeyBytes, 1};
constexpr KeyBytes kAesKey{16, 32, 8};
constexpr KeyBytes kTripleDesKey{16, 24, 8};
constexpr KeyBytes kXcbcKey{16, 16, 1};

template <typename Hash>
constexpr MacRow hmac(MacAlgorithm algorithm, std::string_view name, const Cost& cost) {
  return {{algorithm, name, kAnyKey, 0, Hash::DIGESTSIZE, "FIPS 198-1, RFC 2104", kCryptoppName},
          cost,
          make_mac<HmacSession<Hash>>};
}

constexpr std::array kRows{
    hmac<CryptoPP::Weak1::MD5>(MacAlgorithm::kHmacMd5, "HMAC-MD5", {400, 1700}),
    hmac<CryptoPP::SHA1>(MacAlgorithm::kHmacSha1, "HMAC-SHA-1", {250, 600}),
    hmac<CryptoPP::SHA224>(MacAlgorithm::kHmacSha224, "HMAC-SHA-224", {250, 600}),
    hmac<CryptoPP::SHA256>(MacAlgorithm::kHmacSha256, "HMAC-SHA-256", {250, 600}),
    hmac<CryptoPP::SHA384>(MacAlgorithm::kHmacSha384, "HMAC-SHA-384", {750, 2000}),
    hmac<CryptoPP::SHA512>(MacAlgorithm::kHmacSha512, "HMAC-SHA-512", {750, 2000}),
    MacRow{{MacAlgorithm::kCmacTripleDes, "CMAC-3DES", kTripleDesKey, 0, 8, "SP 800-38B", kCryptoppName},
           {200, 34000},
           make_cmac<BlockCipher::kTripleDes>},
    MacRow{{MacAlgorithm::kCmacAes, "CMAC-AES", kAesKey, 0, 16, "SP 800-38B", kCryptoppName},
           {100, 1000},
           make_cmac<BlockCipher::kAes>},
    MacRow{{MacAlgorithm::kGmacAes, "GMAC-AES", kAesKey, 12, 16, "SP 800-38D, 6.4", kCryptoppName},
           {600, 170},
           make_mac<GmacSession<CryptoPP::AES>>},
    MacRow{{MacAlgorithm::kGmacTwofish, "GMAC-Twofish", kAesKey, 12, 16, "SP 800-38D, 6.4", kCryptoppName},
           {700, 170},
           make_mac<GmacSession<CryptoPP::Twofish>>},
    MacRow{{MacAlgorithm::kCbcMacAes, "CBC-MAC-AES", kAesKey, 0, 16, "FIPS 113, FIPS 197", kCryptoppName},
           {100, 1000},
           make_cbc_mac},
    MacRow{{MacAlgorithm::kXcbcAes, "XCBC-AES", kXcbcKey, 0, 16, "RFC 3566", kCryptoppName},
           {100, 1000},
           make_xcbc},
};

constexpr auto kCapabilities = capabilities_of(kRows);

}  // namespace

std::span<const MacCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const MacParameters& parameters) {
  return create_from(kRows, parameters);
}

}  // namespace virtcrypt::crypto::cryptopp_mac
