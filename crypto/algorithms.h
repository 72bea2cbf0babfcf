// The algorithms of this program under the names of their standards, independent of any wire numbering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace virtcrypt::crypto {

enum class Service : std::uint8_t { kCipher, kAkcipher };

enum class CipherAlgorithm : std::uint8_t {
  kAesEcb,  // FIPS 197, SP 800-38A 6.1
  kAesCbc,  // SP 800-38A 6.2
  kAesCtr,  // SP 800-38A 6.5, the IV is the initial counter block, incremented over all 128 bits
};

// Hash functions that name the DigestInfo of EMSA-PKCS1-v1_5 (RFC 8017, 9.2). The device never hashes.
enum class HashAlgorithm : std::uint8_t {
  kNone,  // no DigestInfo: the input is padded as it is
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512,
};

enum class AkcipherAlgorithm : std::uint8_t { kRsa };

enum class RsaPadding : std::uint8_t {
  kRaw,    // RSAEP / RSADP on the integer as it is (RFC 8017, 5.1)
  kPkcs1,  // RSAES-PKCS1-v1_5 for encrypt and decrypt, EMSA-PKCS1-v1_5 for sign and verify
};

enum class KeyType : std::uint8_t { kPublic, kPrivate };

enum class Direction : std::uint8_t { kEncrypt, kDecrypt };

// Digest length in bytes, 0 for kNone.
[[nodiscard]] std::size_t digest_bytes(HashAlgorithm algorithm);

// Names as NIST and the RFCs write them, for logs and tables.
[[nodiscard]] std::string_view name_of(Service service);
[[nodiscard]] std::string_view name_of(CipherAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(HashAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(AkcipherAlgorithm algorithm);

}  // namespace virtcrypt::crypto
