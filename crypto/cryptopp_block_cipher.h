// Crypto++'s block ciphers with an expanded key, usable from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <cryptopp/cryptlib.h>

#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::crypto {

enum class BlockCipher : std::uint8_t {
  kAes,        // keys of 16, 24 or 32 bytes
  kDes,        // 8
  kTripleDes,  // 16 or 24
};

class KeyedBlockCipher {
 public:
  // `key` has a length that the cipher takes.
  KeyedBlockCipher(BlockCipher cipher, Direction direction, std::span<const std::byte> key);

  // Returns use(transformation). The transformation is the caller's alone until `use` returns, or const
  // functions of it do not write to it.
  template <typename Use>
  auto with(const Use& use) const {
    if (shareable_) return use(*cipher_);
    const auto own = copy();
    return use(*own);
  }

 private:
  [[nodiscard]] std::unique_ptr<const CryptoPP::BlockTransformation> copy() const;

  std::unique_ptr<const CryptoPP::BlockTransformation> cipher_;
  bool shareable_;
};

}  // namespace virtcrypt::crypto
