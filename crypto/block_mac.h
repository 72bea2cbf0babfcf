// CBC-MAC and those MACs that differ from it in the treatment of the last block only, over any block cipher:
// CMAC (SP 800-38B) and XCBC (RFC 3566).
#pragma once

#include <cstddef>
#include <span>

#include <cryptopp/cryptlib.h>
#include <cryptopp/secblock.h>

namespace virtcrypt::crypto {

constexpr std::size_t kMaxMacBlockBytes = 16;
using MacBlock = CryptoPP::FixedSizeSecBlock<CryptoPP::byte, kMaxMacBlockBytes>;

// What happens to the last block before it is enciphered.
struct LastBlock {
  CryptoPP::byte
      first_padding;     // the byte behind the text where the last block is not whole; zeros follow it
  MacBlock whole_mask;   // added to a whole last block
  MacBlock padded_mask;  // added to a padded one
};

// Plain CBC-MAC: padding with zeros, nothing added. No text at all is padded to one block of zeros, as
// ISO/IEC 9797-1, 6.3.2 has it.
[[nodiscard]] LastBlock cbc_mac_last_block();
// SP 800-38B, 6.1; `cipher` has blocks of 8 or 16 bytes.
[[nodiscard]] LastBlock cmac_last_block(const CryptoPP::BlockTransformation& cipher);

// The state of one computation.
class BlockMac {
 public:
  // `cipher` must outlive it.
  explicit BlockMac(const CryptoPP::BlockTransformation& cipher);

  void update(std::span<const std::byte> piece);
  // The digest is as long as a block.
  [[nodiscard]] std::span<const std::byte> finish(const LastBlock& last);

 private:
  void absorb(std::span<const std::byte> blocks);

  const CryptoPP::BlockTransformation& cipher_;
  std::size_t block_bytes_;
  MacBlock chain_;
  MacBlock held_;  // the last block so far, whole or not: whether it is the last one shows later
  std::size_t held_bytes_ = 0;
};

}  // namespace virtcrypt::crypto
