// Random numbers for padding, blinding and masking.
#pragma once

#include <cryptopp/cryptlib.h>

namespace virtcrypt::crypto {

// Seeded from the operating system when a thread first needs it; threads share none, so no lock.
[[nodiscard]] CryptoPP::RandomNumberGenerator& thread_random();

}  // namespace virtcrypt::crypto
