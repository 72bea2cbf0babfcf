#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::crypto {

std::size_t digest_bytes(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kNone:
    case HashAlgorithm::kShake128:
    case HashAlgorithm::kShake256:
      return 0;
    case HashAlgorithm::kMd2:
    case HashAlgorithm::kMd4:
    case HashAlgorithm::kMd5:
      return 16;
    case HashAlgorithm::kSha1:
      return 20;
    case HashAlgorithm::kSha224:
    case HashAlgorithm::kSha3_224:
      return 28;
    case HashAlgorithm::kSha256:
    case HashAlgorithm::kSha3_256:
      return 32;
    case HashAlgorithm::kSha384:
    case HashAlgorithm::kSha3_384:
      return 48;
    case HashAlgorithm::kSha512:
    case HashAlgorithm::kSha3_512:
      return 64;
  }
  return 0;
}

std::string_view name_of(Service service) {
  switch (service) {
    case Service::kCipher:
      return "CIPHER";
    case Service::kChain:
      return "chain";
    case Service::kHash:
      return "HASH";
    case Service::kMac:
      return "MAC";
    case Service::kAead:
      return "AEAD";
    case Service::kAkcipher:
      return "AKCIPHER";
  }
  return "?";
}

std::string_view name_of(CipherAlgorithm algorithm) {
  switch (algorithm) {
    case CipherAlgorithm::kArc4:
      return "ARC4";
    case CipherAlgorithm::kAesEcb:
      return "AES-ECB";
    case CipherAlgorithm::kAesCbc:
      return "AES-CBC";
    case CipherAlgorithm::kAesCtr:
      return "AES-CTR";
    case CipherAlgorithm::kAesF8:
      return "AES-F8";
    case CipherAlgorithm::kAesXts:
      return "AES-XTS";
    case CipherAlgorithm::kDesEcb:
      return "DES-ECB";
    case CipherAlgorithm::kDesCbc:
      return "DES-CBC";
    case CipherAlgorithm::kTripleDesEcb:
      return "3DES-ECB";
    case CipherAlgorithm::kTripleDesCbc:
      return "3DES-CBC";
    case CipherAlgorithm::kTripleDesCtr:
      return "3DES-CTR";
    case CipherAlgorithm::kKasumiF8:
      return "KASUMI-F8";
    case CipherAlgorithm::kSnow3gUea2:
      return "SNOW3G-UEA2";
    case CipherAlgorithm::kZucEea3:
      return "ZUC-EEA3";
  }
  return "?";
}

std::string_view name_of(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kNone:
      return "none";
    case HashAlgorithm::kMd2:
      return "MD2";
    case HashAlgorithm::kMd4:
      return "MD4";
    case HashAlgorithm::kMd5:
      return "MD5";
    case HashAlgorithm::kSha1:
      return "SHA-1";
    case HashAlgorithm::kSha224:
      return "SHA-224";
    case HashAlgorithm::kSha256:
      return "SHA-256";
    case HashAlgorithm::kSha384:
      return "SHA-384";
    case HashAlgorithm::kSha512:
      return "SHA-512";
    case HashAlgorithm::kSha3_224:
      return "SHA3-224";
    case HashAlgorithm::kSha3_256:
      return "SHA3-256";
    case HashAlgorithm::kSha3_384:
      return "SHA3-384";
    case HashAlgorithm::kSha3_512:
      return "SHA3-512";
    case HashAlgorithm::kShake128:
      return "SHAKE128";
    case HashAlgorithm::kShake256:
      return "SHAKE256";
  }
  return "?";
}

std::string_view name_of(MacAlgorithm algorithm) {
  switch (algorithm) {
    case MacAlgorithm::kHmacMd5:
      return "HMAC-MD5";
    case MacAlgorithm::kHmacSha1:
      return "HMAC-SHA-1";
    case MacAlgorithm::kHmacSha224:
      return "HMAC-SHA-224";
    case MacAlgorithm::kHmacSha256:
      return "HMAC-SHA-256";
    case MacAlgorithm::kHmacSha384:
      return "HMAC-SHA-384";
    case MacAlgorithm::kHmacSha512:
      return "HMAC-SHA-512";
    case MacAlgorithm::kCmacTripleDes:
      return "CMAC-3DES";
    case MacAlgorithm::kCmacAes:
      return "CMAC-AES";
    case MacAlgorithm::kKasumiF9:
      return "KASUMI-F9";
    case MacAlgorithm::kSnow3gUia2:
      return "SNOW3G-UIA2";
    case MacAlgorithm::kGmacAes:
      return "GMAC-AES";
    case MacAlgorithm::kGmacTwofish:
      return "GMAC-Twofish";
    case MacAlgorithm::kCbcMacAes:
      return "CBC-MAC-AES";
    case MacAlgorithm::kCbcMacKasumi:
      return "CBC-MAC-KASUMI";
    case MacAlgorithm::kXcbcAes:
      return "XCBC-AES";
    case MacAlgorithm::kZucEia3:
      return "ZUC-EIA3";
  }
  return "?";
}

std::string_view name_of(AeadAlgorithm algorithm) {
  switch (algorithm) {
    case AeadAlgorithm::kAesGcm:
      return "AES-GCM";
    case AeadAlgorithm::kAesCcm:
      return "AES-CCM";
    case AeadAlgorithm::kChacha20Poly1305:
      return "ChaCha20-Poly1305";
  }
  return "?";
}

std::string_view name_of(AkcipherAlgorithm algorithm) {
  switch (algorithm) {
    case AkcipherAlgorithm::kRsa:
      return "RSA";
    case AkcipherAlgorithm::kEcdsa:
      return "ECDSA";
  }
  return "?";
}

std::string_view name_of(Curve curve) {
  switch (curve) {
    case Curve::kP192:
      return "P-192";
    case Curve::kP224:
      return "P-224";
    case Curve::kP256:
      return "P-256";
    case Curve::kP384:
      return "P-384";
    case Curve::kP521:
      return "P-521";
  }
  return "?";
}

}  // namespace virtcrypt::crypto
