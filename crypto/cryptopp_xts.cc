#include "virtcrypt/crypto/cryptopp_xts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include <cryptopp/misc.h>
#include <cryptopp/secblock.h>

#include "virtcrypt/crypto/cryptopp_block_cipher.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/text_run.h"

namespace virtcrypt::crypto::cryptopp_xts {
namespace {

using CryptoPP::BlockTransformation;
using CryptoPP::byte;

constexpr std::size_t kBlock = 16;
// SP 800-38E, 4: no more than 2^20 blocks under one tweak.
constexpr std::size_t kMaxBytes = kBlock << 20U;
// So many blocks are handed to AES at once: more than it works on side by side.
constexpr std::size_t kRunBlocks = 32;

using Block = CryptoPP::FixedSizeSecBlock<byte, kBlock>;
using Blocks = CryptoPP::FixedSizeSecBlock<byte, kRunBlocks * kBlock>;

// Multiplication by alpha in GF(2^128), little-endian (IEEE 1619-2007, 5.2), without a branch on the secret.
void multiply_by_alpha(Block& tweak) {
  constexpr std::uint64_t kReduction = 0x87;
  constexpr unsigned kTopBit = 63;
  constexpr std::size_t kHalf = kBlock / 2;
  const auto low = CryptoPP::GetWord<CryptoPP::word64>(false, CryptoPP::LITTLE_ENDIAN_ORDER, tweak);
  const auto high = CryptoPP::GetWord<CryptoPP::word64>(false, CryptoPP::LITTLE_ENDIAN_ORDER, tweak + kHalf);
  const std::uint64_t reduced = low << 1U ^ (kReduction & (0U - (high >> kTopBit)));
  CryptoPP::PutWord(false, CryptoPP::LITTLE_ENDIAN_ORDER, tweak, CryptoPP::word64{reduced});
  CryptoPP::PutWord(false, CryptoPP::LITTLE_ENDIAN_ORDER, tweak + kHalf,
                    CryptoPP::word64{high << 1U | low >> kTopBit});
}

// One text under way: the cipher with Key1, and the tweak of the next block.
class Run {
 public:
  Run(const BlockTransformation& cipher, Block tweak) : cipher_(cipher), tweak_(tweak) {}

  // Whole blocks; `in` == `out` is possible.
  void blocks(const byte* in, byte* out, std::size_t bytes) {
    while (bytes != 0) {
      const std::size_t run = std::min(bytes, tweaks_.size());
      for (std::size_t offset = 0; offset != run; offset += kBlock) {
        std::copy(tweak_.begin(), tweak_.end(), tweaks_ + offset);
        multiply_by_alpha(tweak_);
      }
      tweaked(in, tweaks_, out, run);
      in += run;
      out += run;
      bytes -= run;
    }
  }

  // IEEE 1619-2007, 5.3.2 and 5.4.2: the last whole block and the rest behind it. The block that is
  // enciphered first lends the rest its tail. Decryption uses the two tweaks the other way round.
  void steal(std::span<byte> text, Direction direction) {
    const std::size_t rest = text.size() - kBlock;
    Block first = tweak_;
    Block second = tweak_;
    multiply_by_alpha(direction == Direction::kEncrypt ? second : first);
    tweaked(text.data(), first, text.data(), kBlock);
    std::swap_ranges(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(rest), text.begin() + kBlock);
    tweaked(text.data(), second, text.data(), kBlock);
  }

 private:
  void tweaked(const byte* in, const byte* tweaks, byte* out, std::size_t bytes) {
    CryptoPP::xorbuf(scratch_, in, tweaks, bytes);
    cipher_.AdvancedProcessBlocks(scratch_, tweaks, out, bytes, BlockTransformation::BT_AllowParallel);
  }

  const BlockTransformation& cipher_;
  Block tweak_;
  Blocks tweaks_;
  Blocks scratch_;
};

class XtsSession final : public CipherSession {
 public:
  XtsSession(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kCryptopp, row, parameters.direction),
        text_key_(BlockCipher::kAes, parameters.direction, parameters.key.first(parameters.key.size() / 2)),
        tweak_key_(BlockCipher::kAes, Direction::kEncrypt,
                   parameters.key.subspan(parameters.key.size() / 2)) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    if (bytes > kMaxBytes) return Outcome::kFailed;
    Block tweak;
    tweak_key_.with([&](const BlockTransformation& aes) { aes.ProcessBlock(octets(iv), tweak); });
    text_key_.with([&](const BlockTransformation& aes) {
      Run text(aes, tweak);
      const std::size_t rest = bytes % kBlock;
      const std::size_t straight = rest == 0 ? bytes : bytes - rest - kBlock;
      run_units(in, out, straight, kBlock,
                [&text](const byte* from, byte* to, std::size_t length) { text.blocks(from, to, length); });
      if (rest != 0) steal(text, in, out, kBlock + rest);
    });
    return Outcome::kOk;
  }

  void steal(Run& text, InputCursor& in, OutputCursor& out, std::size_t bytes) const {
    CryptoPP::FixedSizeSecBlock<byte, 2 * kBlock> last;
    const std::span<byte> ours(last.data(), bytes);
    read(in, std::as_writable_bytes(ours));
    text.steal(ours, direction());
    write(out, std::as_bytes(ours));
  }

  KeyedBlockCipher text_key_;
  KeyedBlockCipher tweak_key_;
};

}  // namespace

SessionPointer make_session(const CipherRow& row, const CipherParameters& parameters) {
  return make_session<XtsSession>(row, parameters);
}

}  // namespace virtcrypt::crypto::cryptopp_xts
