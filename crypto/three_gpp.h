// What 3GPP's algorithms have in common in the engines that have them: rows, and sessions' parts.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "virtcrypt/crypto/cipher_session.h"
#include "virtcrypt/crypto/kasumi.h"
#include "virtcrypt/crypto/mac_session.h"
#include "virtcrypt/crypto/zuc.h"

namespace virtcrypt::crypto {

// What 3GPP's rows say, whichever engine they belong to.
constexpr KeyBytes kThreeGppKey{16, 16, 1};
constexpr std::size_t kThreeGppMacBytes = 4;

// Prices of our own code.
constexpr Cost kOwnKasumiCost{300, 18000};
constexpr Cost kOwnZucCost{600, 6000};
constexpr Cost kOwnZucMacCost{600, 9000};

[[nodiscard]] constexpr CipherCapability kasumi_f8_capability(std::string_view engine) {
  return {CipherAlgorithm::kKasumiF8, "KASUMI-F8", kThreeGppKey, kKasumiBlockBytes, 1, 0,
          "3GPP TS 35.201, 3",        engine};
}
[[nodiscard]] constexpr MacCapability kasumi_f9_capability(std::string_view engine) {
  return {MacAlgorithm::kKasumiF9, "KASUMI-F9",         kThreeGppKey, 0,
          kThreeGppMacBytes,       "3GPP TS 35.201, 4", engine};
}

[[nodiscard]] constexpr CipherCapability zuc_eea3_capability(std::string_view engine) {
  return {CipherAlgorithm::kZucEea3, "ZUC-EEA3", kThreeGppKey, kZucIvBytes, 1, 0,
          "3GPP TS 35.221, 3",       engine};
}
[[nodiscard]] constexpr MacCapability zuc_eia3_capability(std::string_view engine) {
  return {MacAlgorithm::kZucEia3, "ZUC-EIA3",          kThreeGppKey, kZucIvBytes,
          kThreeGppMacBytes,      "3GPP TS 35.221, 4", engine};
}

// Enciphers or deciphers from `in` to `out`.
void run_kasumi_f8(const KasumiF8& f8, InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                   std::size_t bytes);

void run_zuc(std::span<const std::byte> key, InputCursor in, OutputCursor out, std::span<const std::byte> iv,
             std::size_t bytes);

// The padded string PS in one piece, where it lies or in `copy`; empty when the text is not one: PS is whole
// blocks, and not none.
[[nodiscard]] std::span<const std::byte> padded_string(const Operation& operation, SecureBuffer& copy);

using ThreeGppMac = std::array<std::byte, kThreeGppMacBytes>;

// The frame of SNOW 3G's and ZUC's MACs: an IV of 16 bytes in front of a text that is not empty
// (TS 35.215, 4.2 and TS 35.221, 4.2 begin at one bit).
class IvMacSession : public MacSession {
 protected:
  using MacSession::MacSession;

 private:
  // Nothing when the engine cannot do a text of this length.
  [[nodiscard]] virtual std::optional<ThreeGppMac> mac_of(std::span<const std::byte> iv,
                                                          std::span<const std::byte> text) const = 0;
  [[nodiscard]] Outcome compute(Operation& operation) const final;
};

}  // namespace virtcrypt::crypto
