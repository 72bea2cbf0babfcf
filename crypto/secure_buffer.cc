#include "virtcrypt/crypto/secure_buffer.h"

#include <algorithm>

namespace virtcrypt::crypto {

SecureBuffer::SecureBuffer(std::span<const std::byte> source) : block_(source.size()) {
  std::copy(source.begin(), source.end(), bytes().begin());
}

SecureBuffer& SecureBuffer::operator=(SecureBuffer&& other) noexcept {
  if (this == &other) return *this;
  CryptoPP::SecByteBlock dropped;  // takes what was here and wipes it on return, so `other` comes out empty
  dropped.swap(block_);
  block_.swap(other.block_);
  return *this;
}

}  // namespace virtcrypt::crypto
