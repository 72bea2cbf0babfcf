#include "tests/unit/crypto/symmetric_vectors.h"

namespace virtcrypt::tests {

std::span<const MacVector> mac_vectors() {
  return {};
}

}  // namespace virtcrypt::tests
