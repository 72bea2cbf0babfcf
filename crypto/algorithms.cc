#include "virtcrypt/crypto/algorithms.h"

namespace virtcrypt::crypto {

std::size_t digest_bytes(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kNone:
      return 0;
    case HashAlgorithm::kSha1:
      return 20;
    case HashAlgorithm::kSha224:
      return 28;
    case HashAlgorithm::kSha256:
      return 32;
    case HashAlgorithm::kSha384:
      return 48;
    case HashAlgorithm::kSha512:
      return 64;
  }
  return 0;
}

std::string_view name_of(Service service) {
  switch (service) {
    case Service::kCipher:
      return "CIPHER";
    case Service::kAkcipher:
      return "AKCIPHER";
  }
  return "?";
}

std::string_view name_of(CipherAlgorithm algorithm) {
  switch (algorithm) {
    case CipherAlgorithm::kAesEcb:
      return "AES-ECB";
    case CipherAlgorithm::kAesCbc:
      return "AES-CBC";
    case CipherAlgorithm::kAesCtr:
      return "AES-CTR";
  }
  return "?";
}

std::string_view name_of(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kNone:
      return "none";
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
  }
  return "?";
}

std::string_view name_of(AkcipherAlgorithm algorithm) {
  switch (algorithm) {
    case AkcipherAlgorithm::kRsa:
      return "RSA";
  }
  return "?";
}

}  // namespace virtcrypt::crypto
