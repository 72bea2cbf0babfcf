// What it takes to make a session.
#pragma once

#include <cstddef>
#include <cstdint>

#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

// Estimated cost of Engine::create_session in nanoseconds on one core. What counts are the keys of AKCIPHER,
// which are parsed and checked: RSA, 8192 bits private, takes 3 ms. All others count as 0. Any thread.
[[nodiscard]] std::uint64_t estimated_creation_ns(const SessionParameters& parameters);

// What Engine::create_session may leave secrets on, for StackWipe: kSymmetricStackBytes but for the keys of
// AKCIPHER. Any thread.
[[nodiscard]] std::size_t creation_stack_bytes(const SessionParameters& parameters);

}  // namespace virtcrypt::crypto
