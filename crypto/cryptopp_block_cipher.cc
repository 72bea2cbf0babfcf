#include "virtcrypt/crypto/cryptopp_block_cipher.h"

#include <algorithm>

#include <cryptopp/aes.h>
#include <cryptopp/cpu.h>
#include <cryptopp/des.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto {
namespace {

using CryptoPP::BlockTransformation;

template <typename Cipher>
std::unique_ptr<BlockTransformation> keyed(Direction direction, std::span<const std::byte> key) {
  if (direction == Direction::kEncrypt)
    return std::make_unique<InKeyMemory<typename Cipher::Encryption>>(octets(key), key.size());
  return std::make_unique<InKeyMemory<typename Cipher::Decryption>>(octets(key), key.size());
}

// SP 800-67, 3.1, keying option 2: Key3 is Key1.
SecureBuffer three_des_keys(std::span<const std::byte> key) {
  SecureBuffer three(CryptoPP::DES_EDE3::DEFAULT_KEYLENGTH);
  const auto third = std::copy(key.begin(), key.end(), three.bytes().begin());
  std::copy_n(key.begin(), three.bytes().end() - third, third);
  return three;
}

std::unique_ptr<BlockTransformation> make(BlockCipher cipher, Direction direction,
                                          std::span<const std::byte> key) {
  switch (cipher) {
    case BlockCipher::kDes:
      return keyed<CryptoPP::DES>(direction, key);
    case BlockCipher::kTripleDes:
      return keyed<CryptoPP::DES_EDE3>(direction, three_des_keys(key).bytes());
    case BlockCipher::kAes:
      break;
  }
  return keyed<CryptoPP::AES>(direction, key);
}

}  // namespace

// Without AES-NI, Crypto++'s table code for x86 keeps scratch space inside the AES object, even in its const
// functions; then each operation works on a copy of its own.
KeyedBlockCipher::KeyedBlockCipher(BlockCipher cipher, Direction direction, std::span<const std::byte> key)
    : cipher_(make(cipher, direction, key)),
      shareable_(cipher != BlockCipher::kAes || CryptoPP::HasAESNI()) {}

std::unique_ptr<const BlockTransformation> KeyedBlockCipher::copy() const {
  return std::unique_ptr<const BlockTransformation>(static_cast<BlockTransformation*>(cipher_->Clone()));
}

}  // namespace virtcrypt::crypto
