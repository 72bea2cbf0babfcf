#include "virtcrypt/crypto/cryptopp_random.h"

#include <cryptopp/osrng.h>

namespace virtcrypt::crypto {

CryptoPP::RandomNumberGenerator& thread_random() {
  thread_local CryptoPP::AutoSeededRandomPool random;
  return random;
}

}  // namespace virtcrypt::crypto
