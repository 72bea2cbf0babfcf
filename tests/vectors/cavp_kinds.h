// Which algorithm a file of lines is about. NIST says so in comments, others only in the file's name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virtcrypt::vectors {

enum class CavpFamily : std::uint8_t {
  kNotApplicable,  // known, but nothing that this device has
  kCipher,
  kHash,
  kMonteCarlo,
  kHmac,
  kCmac,
  kGcm,
  kCcm,
  kChacha20Poly1305,
  kRsaSignature,
  kRsaLaboratoriesSignature,
  kRsaLaboratoriesEncryption,
  kEcdsa,
  kEcPoint,
  kEcPair,
};

struct CavpKind {
  CavpFamily family;
  std::string_view name;  // "AES-CBC"
  std::uint32_t algorithm;
  std::string_view reason;  // kNotApplicable: why
};

// From the path and the first lines of the content; nullopt when nothing is recognized.
[[nodiscard]] std::optional<CavpKind> recognize_cavp(std::string_view path, std::string_view content);

}  // namespace virtcrypt::vectors
