#include "virtcrypt/crypto/block_mac.h"

#include <algorithm>
#include <cstring>

#include <cryptopp/misc.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"

namespace virtcrypt::crypto {
namespace {

using CryptoPP::BlockTransformation;
using CryptoPP::byte;

// Multiplication by x in GF(2^128) or GF(2^64) (SP 800-38B, 5.3 and 6.1), without a branch on the secret.
MacBlock doubled(const MacBlock& value, std::size_t block_bytes) {
  constexpr unsigned kReduction128 = 0x87;
  constexpr unsigned kReduction64 = 0x1b;
  constexpr unsigned kTopBit = 7;
  MacBlock result;
  unsigned carry = 0;
  for (std::size_t i = block_bytes; i-- != 0;) {
    const unsigned bits = value[i];
    result[i] = static_cast<byte>(bits << 1U | carry);
    carry = bits >> kTopBit;
  }
  const unsigned reduction = block_bytes == kMaxMacBlockBytes ? kReduction128 : kReduction64;
  result[block_bytes - 1] = static_cast<byte>(result[block_bytes - 1] ^ (reduction & (0U - carry)));
  return result;
}

LastBlock zero_last_block(byte first_padding) {
  LastBlock last;
  last.first_padding = first_padding;
  std::memset(last.whole_mask, 0, kMaxMacBlockBytes);
  std::memset(last.padded_mask, 0, kMaxMacBlockBytes);
  return last;
}

}  // namespace

LastBlock cbc_mac_last_block() {
  return zero_last_block(0);
}

LastBlock cmac_last_block(const BlockTransformation& cipher) {
  constexpr byte kOneAndZeros = 0x80;
  LastBlock last = zero_last_block(kOneAndZeros);
  cipher.ProcessBlock(last.whole_mask);
  last.whole_mask = doubled(last.whole_mask, cipher.BlockSize());
  last.padded_mask = doubled(last.whole_mask, cipher.BlockSize());
  return last;
}

BlockMac::BlockMac(const BlockTransformation& cipher) : cipher_(cipher), block_bytes_(cipher.BlockSize()) {
  std::memset(chain_, 0, kMaxMacBlockBytes);
}

void BlockMac::absorb(std::span<const std::byte> blocks) {
  // Each block is added to the chain, which is enciphered in its place.
  cipher_.AdvancedProcessBlocks(
      chain_, octets(blocks), chain_, blocks.size(),
      BlockTransformation::BT_XorInput | BlockTransformation::BT_DontIncrementInOutPointers);
}

void BlockMac::update(std::span<const std::byte> piece) {
  const std::size_t fill = std::min(piece.size(), block_bytes_ - held_bytes_);
  if (held_bytes_ != 0 || fill == piece.size()) {
    std::memcpy(held_ + held_bytes_, piece.data(), fill);
    held_bytes_ += fill;
    piece = piece.subspan(fill);
    if (piece.empty()) return;
    absorb(std::as_bytes(std::span(held_.data(), block_bytes_)));
  }
  const std::size_t whole = (piece.size() - 1) / block_bytes_ * block_bytes_;
  if (whole != 0) absorb(piece.first(whole));
  held_bytes_ = piece.size() - whole;
  std::memcpy(held_, piece.data() + whole, held_bytes_);
}

std::span<const std::byte> BlockMac::finish(const LastBlock& last) {
  const bool is_whole = held_bytes_ == block_bytes_;
  if (!is_whole) {
    held_[held_bytes_] = last.first_padding;
    std::fill(held_ + held_bytes_ + 1, held_ + block_bytes_, byte{0});
  }
  CryptoPP::xorbuf(held_, is_whole ? last.whole_mask : last.padded_mask, block_bytes_);
  absorb(std::as_bytes(std::span(held_.data(), block_bytes_)));
  return std::as_bytes(std::span(chain_.data(), block_bytes_));
}

}  // namespace virtcrypt::crypto
