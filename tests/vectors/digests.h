// Digests of messages, which a driver has to make before it signs or verifies, and GCM's counter blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

// Of hashes as files name them: "SHA1", "SHA-256", "SHA3-512", "SHAKE128" (32 bytes), "SHAKE256" (64 bytes),
// "MD5". nullopt for others.
[[nodiscard]] std::optional<Bytes> digest_of(std::string_view hash, const Bytes& message);

// Number of the hash in RSA sessions; nullopt when the service has none.
[[nodiscard]] std::optional<std::uint32_t> rsa_hash_number(std::string_view hash);

// The pre-counter block of GCM for an IV of any length (SP 800-38D, 7.1, step 2). The device takes a 16-byte
// IV for that block, so IVs that GCM hashes can be sent all the same. The key is an AES key.
[[nodiscard]] Bytes gcm_counter_block(const Bytes& key, const Bytes& iv);

}  // namespace virtcrypt::vectors
