// The algorithms of this program under the names of their standards, independent of any wire numbering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace virtcrypt::crypto {

enum class Service : std::uint8_t {
  kCipher,
  kChain,  // a cipher and a hash or MAC over the same text; virtio counts it among CIPHER
  kHash,
  kMac,
  kAead,
  kAkcipher,
};

// The service under which virtio lists it: CIPHER for chains.
[[nodiscard]] constexpr Service listed_as(Service service) {
  return service == Service::kChain ? Service::kCipher : service;
}

enum class CipherAlgorithm : std::uint8_t {
  kArc4,          // the stream cipher known from RFC 6229; each operation starts at the first keystream byte
  kAesEcb,        // FIPS 197, SP 800-38A 6.1
  kAesCbc,        // SP 800-38A 6.2
  kAesCtr,        // SP 800-38A 6.5, the IV is the initial counter block, incremented over all 128 bits
  kAesF8,         // RFC 3711, 4.1.2; the key is k_e followed by the mask m, both equally long
  kAesXts,        // SP 800-38E, IEEE 1619; the key is Key1 followed by Key2, the IV is the tweak
  kDesEcb,        // FIPS 46-3
  kDesCbc,        //
  kTripleDesEcb,  // SP 800-67; 16-byte keys mean Key3 = Key1
  kTripleDesCbc,  //
  kTripleDesCtr,  // SP 800-38A 6.5 with blocks of 64 bits
  kKasumiF8,      // 3GPP TS 35.201, 3; IV: COUNT (4), BEARER and DIRECTION in the top 6 bits, 26 zero bits
  kSnow3gUea2,    // 3GPP TS 35.215, 3; IV: IV3, IV2, IV1, IV0, each big-endian
  kZucEea3,       // 3GPP TS 35.221, 3; IV: IV[0] to IV[15]
};

enum class HashAlgorithm : std::uint8_t {
  kNone,  // RSA only: no DigestInfo, the input is padded as it is
  kMd2,   // RFC 1319; RSA's DigestInfo only
  kMd4,   // RFC 1320; RSA's DigestInfo only
  kMd5,   // RFC 1321
  kSha1,  // FIPS 180-4
  kSha224,
  kSha256,
  kSha384,
  kSha512,
  kSha3_224,  // FIPS 202
  kSha3_256,
  kSha3_384,
  kSha3_512,
  kShake128,  // FIPS 202, 6.2: as many bytes as asked for
  kShake256,
};

enum class MacAlgorithm : std::uint8_t {
  kHmacMd5,  // FIPS 198-1, RFC 2104
  kHmacSha1,
  kHmacSha224,
  kHmacSha256,
  kHmacSha384,
  kHmacSha512,
  kCmacTripleDes,  // SP 800-38B
  kCmacAes,
  kKasumiF9,      // 3GPP TS 35.201, 4; the text is the padded string PS
  kSnow3gUia2,    // 3GPP TS 35.215, 4; the text begins with the 16-byte IV: IV3, IV2, IV1, IV0
  kGmacAes,       // SP 800-38D; the text begins with the 12-byte IV
  kGmacTwofish,   // the same with Twofish
  kCbcMacAes,     // FIPS 113's construction with AES, the last block padded with zeros
  kCbcMacKasumi,  // the same with KASUMI (TS 35.202)
  kXcbcAes,       // RFC 3566, 128 bits before truncation
  kZucEia3,       // 3GPP TS 35.221, 4; the text begins with the 16-byte IV: IV[0] to IV[15]
};

enum class AeadAlgorithm : std::uint8_t {
  kAesGcm,            // SP 800-38D; a 16-byte IV is the pre-counter block J0 itself
  kAesCcm,            // SP 800-38C; the IV is the nonce, 7 to 13 bytes
  kChacha20Poly1305,  // RFC 8439
};

enum class AkcipherAlgorithm : std::uint8_t { kRsa, kEcdsa };

enum class RsaPadding : std::uint8_t {
  kRaw,    // RSAEP / RSADP on the integer as it is (RFC 8017, 5.1)
  kPkcs1,  // RSAES-PKCS1-v1_5 for encrypt and decrypt, EMSA-PKCS1-v1_5 for sign and verify
};

// FIPS 186-4, D.1.2.
enum class Curve : std::uint8_t { kP192, kP224, kP256, kP384, kP521 };

enum class KeyType : std::uint8_t { kPublic, kPrivate };

enum class Direction : std::uint8_t { kEncrypt, kDecrypt };

enum class ChainOrder : std::uint8_t { kHashThenCipher, kCipherThenHash };

// Digest length in bytes; 0 for kNone and for SHAKE, whose output has no length of its own.
[[nodiscard]] std::size_t digest_bytes(HashAlgorithm algorithm);

// Names as NIST and the RFCs write them, for logs and tables.
[[nodiscard]] std::string_view name_of(Service service);
[[nodiscard]] std::string_view name_of(CipherAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(HashAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(MacAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(AeadAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(AkcipherAlgorithm algorithm);
[[nodiscard]] std::string_view name_of(Curve curve);

}  // namespace virtcrypt::crypto
