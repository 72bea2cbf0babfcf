#include "virtcrypt/crypto/cryptopp_cipher.h"

#include <algorithm>
#include <array>
#include <memory>

#include <cryptopp/arc4.h>
#include <cryptopp/misc.h>
#include <cryptopp/secblock.h>

#include "virtcrypt/crypto/aes_capabilities.h"
#include "virtcrypt/crypto/block_modes.h"
#include "virtcrypt/crypto/cipher_session.h"
#include "virtcrypt/crypto/cryptopp_block_cipher.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/cryptopp_xts.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/text_run.h"

namespace virtcrypt::crypto::cryptopp_cipher {
namespace {

using CryptoPP::BlockTransformation;
using CryptoPP::byte;
using Block = CryptoPP::FixedSizeSecBlock<byte, kMaxCipherBlockBytes>;

// A mode of SP 800-38A.
struct Mode {
  RunBlocks encrypt;
  RunBlocks decrypt;
  bool decrypts_with_forward_cipher;
};
constexpr Mode kEcb{run_ecb, run_ecb, false};
constexpr Mode kCbc{encrypt_cbc, decrypt_cbc, false};
constexpr Mode kCtr{run_ctr, run_ctr, true};

class BlockModeSession final : public CipherSession {
 public:
  BlockModeSession(const CipherRow& row, const CipherParameters& parameters, BlockCipher cipher,
                   const Mode& mode)
      : CipherSession(EngineId::kCryptopp, row, parameters.direction),
        run_blocks_(parameters.direction == Direction::kEncrypt ? mode.encrypt : mode.decrypt),
        cipher_(cipher, mode.decrypts_with_forward_cipher ? Direction::kEncrypt : parameters.direction,
                parameters.key) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    cipher_.with([&](const BlockTransformation& cipher) {
      Block chain;
      std::copy_n(octets(iv), iv.size(), chain.begin());
      run_units(in, out, bytes, cipher.BlockSize(), [&](const byte* from, byte* to, std::size_t length) {
        run_blocks_(cipher, chain, from, to, length);
      });
    });
    return Outcome::kOk;
  }

  RunBlocks run_blocks_;
  KeyedBlockCipher cipher_;
};

// RFC 3711, 4.1.2.2. Encryption and decryption are the same.
class F8Session final : public CipherSession {
 public:
  F8Session(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kCryptopp, row, parameters.direction),
        cipher_(BlockCipher::kAes, Direction::kEncrypt, text_key(parameters.key)),
        iv_cipher_(BlockCipher::kAes, Direction::kEncrypt, masked_key(parameters.key).bytes()) {}

 private:
  static std::span<const std::byte> text_key(std::span<const std::byte> key) {
    return key.first(key.size() / 2);
  }
  static SecureBuffer masked_key(std::span<const std::byte> key) {
    SecureBuffer masked(text_key(key));
    CryptoPP::xorbuf(octets(masked.bytes()), octets(key.subspan(masked.size())), masked.size());
    return masked;
  }

  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    Block start;  // IV'
    iv_cipher_.with([&](const BlockTransformation& aes) { aes.ProcessBlock(octets(iv), start); });
    cipher_.with([&](const BlockTransformation& aes) {
      Block stream;  // S(j-1)
      std::fill(stream.begin(), stream.end(), byte{0});
      Block counter = stream;  // j
      run_units(in, out, bytes, stream.size(), [&](const byte* from, byte* to, std::size_t length) {
        for (std::size_t offset = 0; offset != length; offset += stream.size()) {
          CryptoPP::xorbuf(stream, start, stream.size());
          CryptoPP::xorbuf(stream, counter, stream.size());
          aes.ProcessBlock(stream);
          CryptoPP::IncrementCounterByOne(counter, static_cast<unsigned>(counter.size()));
          CryptoPP::xorbuf(to + offset, from + offset, stream, stream.size());
        }
      });
    });
    return Outcome::kOk;
  }

  KeyedBlockCipher cipher_;
  KeyedBlockCipher iv_cipher_;
};

// The state behind the key is set up once and copied for each text. Encryption and decryption are the same.
class Arc4Session final : public CipherSession {
 public:
  Arc4Session(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kCryptopp, row, parameters.direction),
        arc4_(octets(parameters.key), parameters.key.size()) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte>,
                            std::size_t bytes) const override {
    CryptoPP::Weak1::ARC4 arc4 = arc4_;
    run_units(in, out, bytes, 1, [&arc4](const byte* from, byte* to, std::size_t length) {
      arc4.ProcessData(to, from, length);
    });
    return Outcome::kOk;
  }

  CryptoPP::Weak1::ARC4 arc4_;
};

template <BlockCipher kCipher, const Mode& kMode>
SessionPointer make_block_mode(const CipherRow& row, const CipherParameters& parameters) {
  return make_session<BlockModeSession>(row, parameters, kCipher, kMode);
}

constexpr KeyBytes kTwoAesKeys{32, 64, 16};
constexpr KeyBytes kXtsKey{32, 64, 32};
constexpr KeyBytes kDesKey{8, 8, 1};
constexpr KeyBytes kTripleDesKey{16, 24, 8};
constexpr KeyBytes kArc4Key{1, 256, 1};

// Encrypting CBC is the slow one of AES because each block has to wait for the one before.
constexpr std::array<CipherRow, 11> kRows{{
    {{CipherAlgorithm::kArc4, "ARC4", kArc4Key, 0, 1, 0, "RFC 6229", kCryptoppName},
     {200, 3000},
     {200, 3000},
     make_cipher<Arc4Session>},
    {{CipherAlgorithm::kAesEcb, "AES-ECB", kAesKey, 0, 16, 0, "FIPS 197, SP 800-38A 6.1", kCryptoppName},
     {100, 150},
     {100, 150},
     make_block_mode<BlockCipher::kAes, kEcb>},
    {aes_cbc_capability(kCryptoppName), {100, 1000}, {100, 150}, make_block_mode<BlockCipher::kAes, kCbc>},
    {aes_ctr_capability(kCryptoppName), {100, 150}, {100, 150}, make_block_mode<BlockCipher::kAes, kCtr>},
    {{CipherAlgorithm::kAesF8, "AES-F8", kTwoAesKeys, 16, 1, 0, "RFC 3711, 4.1.2", kCryptoppName},
     {150, 1600},
     {150, 1600},
     make_cipher<F8Session>},
    {{CipherAlgorithm::kAesXts, "AES-XTS", kXtsKey, 16, 1, 16, "SP 800-38E, IEEE 1619", kCryptoppName},
     {200, 400},
     {200, 400},
     cryptopp_xts::make_session},
    {{CipherAlgorithm::kDesEcb, "DES-ECB", kDesKey, 0, 8, 0, "FIPS 46-3, FIPS 81", kCryptoppName},
     {100, 12000},
     {100, 12000},
     make_block_mode<BlockCipher::kDes, kEcb>},
    {{CipherAlgorithm::kDesCbc, "DES-CBC", kDesKey, 8, 8, 0, "FIPS 46-3, FIPS 81", kCryptoppName},
     {100, 12000},
     {100, 12000},
     make_block_mode<BlockCipher::kDes, kCbc>},
    {{CipherAlgorithm::kTripleDesEcb, "3DES-ECB", kTripleDesKey, 0, 8, 0, "SP 800-67, SP 800-38A 6.1",
      kCryptoppName},
     {100, 34000},
     {100, 34000},
     make_block_mode<BlockCipher::kTripleDes, kEcb>},
    {{CipherAlgorithm::kTripleDesCbc, "3DES-CBC", kTripleDesKey, 8, 8, 0, "SP 800-67, SP 800-38A 6.2",
      kCryptoppName},
     {100, 34000},
     {100, 34000},
     make_block_mode<BlockCipher::kTripleDes, kCbc>},
    {{CipherAlgorithm::kTripleDesCtr, "3DES-CTR", kTripleDesKey, 8, 1, 0, "SP 800-67, SP 800-38A 6.5",
      kCryptoppName},
     {100, 34000},
     {100, 34000},
     make_block_mode<BlockCipher::kTripleDes, kCtr>},
}};

constexpr auto kCapabilities = capabilities_of(kRows);

}  // namespace

std::span<const CipherCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters) {
  return create_from(kRows, parameters);
}

}  // namespace virtcrypt::crypto::cryptopp_cipher
