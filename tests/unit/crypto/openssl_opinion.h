// What OpenSSL's libcrypto says of the same text: the second opinion of tests. Nothing where this build or
// configuration of OpenSSL does not have the algorithm, as with those of its legacy provider. What OpenSSL
// refuses to do is thrown as std::runtime_error.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tests/unit/crypto/run.h"

namespace virtcrypt::tests::openssl {

[[nodiscard]] bool has_cipher(const std::string& name);

// Names as OpenSSL spells them: "AES-256-CBC", "SHA2-256", "HMAC", "CMAC". Whole texts in one piece.
[[nodiscard]] std::optional<Bytes> cipher(const std::string& name, bool encrypts, const Bytes& key,
                                          const Bytes& iv, const Bytes& text);
[[nodiscard]] std::optional<Bytes> digest(const std::string& name, const Bytes& text, std::size_t bytes);
// `part` is the hash of HMAC, or the cipher of CMAC and GMAC; `iv` belongs to GMAC.
[[nodiscard]] std::optional<Bytes> mac(const std::string& name, const std::string& part, const Bytes& key,
                                       const Bytes& iv, const Bytes& text);
// Ciphertext followed by the tag.
[[nodiscard]] std::optional<Bytes> seal(const std::string& name, const Bytes& key, const Bytes& iv,
                                        const Bytes& aad, const Bytes& text, std::size_t tag_bytes);
// The way back, of ciphertext and tag.
struct Opened {
  bool authentic;
  Bytes text;  // empty unless authentic
};
[[nodiscard]] std::optional<Opened> open(const std::string& name, const Bytes& key, const Bytes& iv,
                                         const Bytes& aad, const Bytes& sealed, std::size_t tag_bytes);

}  // namespace virtcrypt::tests::openssl
