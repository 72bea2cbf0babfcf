// A symmetric cipher of the guest's kernel, reached through AF_ALG and chosen by driver name: the device's
// implementation and a software one are two objects of this class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/support/file_descriptor.h"

namespace virtcrypt::guest {

enum class Direction : std::uint32_t { kDecrypt = 0, kEncrypt = 1 };  // ALG_OP_DECRYPT, ALG_OP_ENCRYPT

// Owns an AF_ALG socket pair (transform and operation). Not thread-safe. Every failing system call throws
// std::system_error with the driver's name.
class Skcipher {
 public:
  Skcipher(std::string driver, std::span<const std::byte> key);

  // Whether the kernel has (or can instantiate) this driver.
  static bool available(const std::string& driver);

  // One request: `in` and `out` have the same length, a multiple of 16.
  void crypt(Direction direction, std::span<const std::byte> iv, std::span<const std::byte> in,
             std::span<std::byte> out);

  // The same message as several requests of `piece` bytes, the kernel carrying the IV on from one to the
  // next.
  void crypt_in_pieces(Direction direction, std::span<const std::byte> iv, std::span<const std::byte> in,
                       std::span<std::byte> out, std::size_t piece);

 private:
  void send(Direction direction, std::span<const std::byte> iv, std::span<const std::byte> in, bool more);
  void receive(std::span<std::byte> out);
  [[noreturn]] void fail(const char* call) const;

  std::string driver_;
  test::FileDescriptor transform_;
  test::FileDescriptor operation_;
};

}  // namespace virtcrypt::guest
