#include "virtcrypt/crypto/block_modes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <cryptopp/misc.h>

namespace virtcrypt::crypto {

using CryptoPP::BlockTransformation;
using CryptoPP::byte;

void run_ecb(const BlockTransformation& cipher, byte*, const byte* in, byte* out, std::size_t bytes) {
  cipher.AdvancedProcessBlocks(in, nullptr, out, bytes, BlockTransformation::BT_AllowParallel);
}

void encrypt_cbc(const BlockTransformation& cipher, byte* chain, const byte* in, byte* out,
                 std::size_t bytes) {
  const std::size_t block = cipher.BlockSize();
  cipher.AdvancedProcessBlocks(in, chain, out, block, BlockTransformation::BT_XorInput);
  if (bytes > block) {
    // Every further block is chained to the ciphertext in front of it.
    cipher.AdvancedProcessBlocks(in + block, out, out + block, bytes - block,
                                 BlockTransformation::BT_XorInput);
  }
  std::memcpy(chain, out + bytes - block, block);
}

void decrypt_cbc(const BlockTransformation& cipher, byte* chain, const byte* in, byte* out,
                 std::size_t bytes) {
  const std::size_t block = cipher.BlockSize();
  std::array<byte, kMaxCipherBlockBytes> last{};  // in place, the ciphertext is gone afterwards
  std::memcpy(last.data(), in + bytes - block, block);
  if (bytes > block) {
    // From the back, so that in place no ciphertext is overwritten before its successor has used it.
    cipher.AdvancedProcessBlocks(
        in + block, in, out + block, bytes - block,
        BlockTransformation::BT_ReverseDirection | BlockTransformation::BT_AllowParallel);
  }
  cipher.ProcessAndXorBlock(in, chain, out);
  std::memcpy(chain, last.data(), block);
}

void run_ctr(const BlockTransformation& cipher, byte* chain, const byte* in, byte* out, std::size_t bytes) {
  constexpr std::size_t kLowByteValues = 256;
  const auto block = cipher.BlockSize();
  while (bytes != 0) {
    // Crypto++ counts in the counter's last byte only, so a call ends where that byte wraps; the carry is
    // ours.
    const std::size_t low = chain[block - 1];
    const std::size_t run = std::min(bytes, (kLowByteValues - low) * block);
    // Counter in, text xored to what comes out.
    cipher.AdvancedProcessBlocks(
        chain, in, out, run,
        BlockTransformation::BT_InBlockIsCounter | BlockTransformation::BT_AllowParallel);
    chain[block - 1] = static_cast<byte>(low + run / block);
    if (chain[block - 1] == 0) CryptoPP::IncrementCounterByOne(chain, block - 1);
    in += run;
    out += run;
    bytes -= run;
  }
}

}  // namespace virtcrypt::crypto
