#include "virtcrypt/crypto/digest.h"

#include <algorithm>

#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto {

Outcome check_digest(const Operation& operation, std::size_t session_bytes, std::size_t algorithm_bytes) {
  if (operation.kind != OperationKind::kDigest) return Outcome::kNotSupported;
  const std::size_t bytes = total_bytes(operation.output);
  const bool fits = bytes != 0 && bytes <= std::min(session_bytes, algorithm_bytes);
  return fits ? Outcome::kOk : Outcome::kFailed;
}

void write_digest(Operation& operation, std::span<const std::byte> digest) {
  operation.output_bytes = total_bytes(operation.output);
  OutputCursor out(operation.output);
  write(out, digest.first(operation.output_bytes));
}

}  // namespace virtcrypt::crypto
