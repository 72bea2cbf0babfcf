// Owner of key material: wiped when it dies, moved from, or cut; never copied by accident and not printable.
#pragma once

#include <cstddef>
#include <span>

#include <cryptopp/secblock.h>

namespace virtcrypt::crypto {

// Bytes that are zeroed before their memory is released. Thread-safety: distinct objects only.
class SecureBuffer {
 public:
  SecureBuffer() = default;
  explicit SecureBuffer(std::size_t bytes) : block_(bytes) {}
  // Copies `source`.
  explicit SecureBuffer(std::span<const std::byte> source);

  SecureBuffer(SecureBuffer&& other) noexcept { block_.swap(other.block_); }
  SecureBuffer& operator=(SecureBuffer&& other) noexcept;
  SecureBuffer(const SecureBuffer&) = delete;
  SecureBuffer& operator=(const SecureBuffer&) = delete;
  ~SecureBuffer() = default;

  [[nodiscard]] std::size_t size() const { return block_.size(); }
  [[nodiscard]] bool empty() const { return block_.empty(); }
  [[nodiscard]] std::span<std::byte> bytes() {
    return std::as_writable_bytes(std::span(block_.data(), block_.size()));
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(std::span(block_.data(), block_.size()));
  }

 private:
  CryptoPP::SecByteBlock block_;
};

}  // namespace virtcrypt::crypto
