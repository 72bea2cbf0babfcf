#include "tests/unit/crypto/symmetric_vectors.h"

namespace virtcrypt::tests {

std::span<const AeadVector> aead_vectors() {
  return {};
}

}  // namespace virtcrypt::tests
