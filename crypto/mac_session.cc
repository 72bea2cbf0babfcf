#include "virtcrypt/crypto/mac_session.h"

#include "virtcrypt/crypto/digest.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto {

Outcome MacSession::execute(Operation& operation) const {
  if (const Outcome checked = check_digest(operation, result_bytes_, capability_.digest_bytes);
      checked != Outcome::kOk) {
    return checked;
  }
  if (total_bytes(operation.input) < capability_.iv_bytes) return Outcome::kFailed;
  return compute(operation);
}

}  // namespace virtcrypt::crypto
