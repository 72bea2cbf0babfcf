// Keys that this process never holds in the clear: a child process makes them, and says what they look like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/driver/bytes.h"

namespace virtcrypt::test {

// How a key is expanded by whoever uses it.
enum class Expansion : std::uint8_t {
  kNone,        // used as it is
  kAes,         // FIPS 197, 5.2, and the schedule for decryption
  kAesHalves,   // the key is two AES keys
  kAesF8,       // RFC 3711: key and mask
  kXcbc,        // RFC 3566: the first derived key
  kDes,         // one to three keys of DES
  kArc4,        // the state behind the key
  kTwofish,     //
  kKasumi,      // TS 35.202, 3.3
  kHmacMd5,     // the states behind the padded keys
  kHmacSha1,    //
  kHmacSha224,  //
  kHmacSha256,  //
  kHmacSha384,  //
  kHmacSha512,  //
  kRsa,         // RSAPrivateKey: exponents and primes
  kEcdsa,       // ECPrivateKey of P-256
};

struct SecretKind {
  std::string name;
  Expansion expansion = Expansion::kNone;
  std::size_t key_bytes = 0;  // random ones; not of kRsa and kEcdsa
};

// Eight bytes of a key, or of what it is expanded to, in one of the orders that memory may have them in.
struct Sign {
  std::uint64_t masked;  // see masked()
  std::uint32_t secret;  // index
  bool expanded;         // of what sessions keep; else of the key itself
};

struct Secrets {
  std::vector<std::string> names;
  std::vector<Bytes> sealed;  // the keys, each byte masked
  std::vector<Sign> signs;
};

// Every byte is combined with this, so that no key stands in memory by it.
constexpr std::byte kMask{0xA5};
[[nodiscard]] constexpr std::uint64_t masked(std::uint64_t bytes) {
  return bytes ^ 0xA5A5'A5A5'A5A5'A5A5U;
}

// Throws std::runtime_error when the child fails.
[[nodiscard]] Secrets make_secrets(std::span<const SecretKind> kinds);

// Turns sealed bytes into the key, in place, and leaves no copy of it in registers' homes.
void unseal(std::span<std::byte> bytes);

}  // namespace virtcrypt::test
