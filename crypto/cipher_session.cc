#include "virtcrypt/crypto/cipher_session.h"

#include "virtcrypt/crypto/text_run.h"

namespace virtcrypt::crypto {

Outcome CipherSession::check(const Operation& operation, std::size_t bytes) const {
  if (operation.kind != OperationKind::kEncrypt && operation.kind != OperationKind::kDecrypt)
    return Outcome::kNotSupported;
  const bool encrypts = operation.kind == OperationKind::kEncrypt;
  if (encrypts != (direction_ == Direction::kEncrypt)) return Outcome::kFailed;
  const bool fits = operation.iv.size() == capability_.iv_bytes && (bytes & partial_block_) == 0 &&
                    bytes >= capability_.least_text_bytes && total_bytes(operation.output) >= bytes;
  return fits ? Outcome::kOk : Outcome::kFailed;
}

Outcome CipherSession::execute(Operation& operation) const {
  const std::size_t bytes = total_bytes(operation.input);
  if (const Outcome checked = check(operation, bytes); checked != Outcome::kOk) return checked;
  const Outcome outcome = with_unspoiled(operation.input, operation.output, bytes, [&](InputSegments input) {
    return run(InputCursor(input), OutputCursor(operation.output), operation.iv, bytes);
  });
  if (outcome == Outcome::kOk) operation.output_bytes = bytes;
  return outcome;
}

}  // namespace virtcrypt::crypto
