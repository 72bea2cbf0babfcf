#include "virtcrypt/crypto/aead_session.h"

#include <algorithm>
#include <span>

namespace virtcrypt::crypto {
namespace {

template <typename Lengths>
bool contains(const Lengths& lengths, std::size_t length) {
  return std::find(lengths.begin(), lengths.end(), length) != lengths.end();
}

void wipe(OutputSegments output, std::size_t bytes) {
  for (const std::span<std::byte>& segment : output) {
    const auto piece = segment.first(std::min(segment.size(), bytes));
    std::fill(piece.begin(), piece.end(), std::byte{0});
    bytes -= piece.size();
  }
}

}  // namespace

bool fits(const AeadRow& row, const AeadParameters& parameters) {
  return row.capability.key_bytes.contains(parameters.key.size()) &&
         contains(row.capability.tag_bytes, parameters.tag_bytes);
}

Outcome AeadSession::execute(Operation& operation) const {
  if (operation.kind != OperationKind::kEncrypt && operation.kind != OperationKind::kDecrypt)
    return Outcome::kNotSupported;
  const bool encrypts = operation.kind == OperationKind::kEncrypt;
  if (encrypts != (direction_ == Direction::kEncrypt)) return Outcome::kFailed;
  if (!contains(row_.capability.iv_bytes, operation.iv.size())) return Outcome::kFailed;
  if (operation.tag_bytes != 0 && operation.tag_bytes != tag_bytes_) return Outcome::kFailed;
  const std::size_t in = total_bytes(operation.input);
  if (!encrypts && in < tag_bytes_) return Outcome::kFailed;
  const std::size_t out = encrypts ? in + tag_bytes_ : in - tag_bytes_;
  if (total_bytes(operation.output) < out) return Outcome::kFailed;
  const Outcome outcome = encrypts ? encrypt(operation, in) : decrypt(operation, out);
  if (outcome == Outcome::kOk) {
    operation.output_bytes = out;
  } else if (!encrypts) {
    wipe(operation.output, out);
  }
  return outcome;
}

AeadSession::Tag AeadSession::tag_behind(InputSegments input, std::size_t bytes) const {
  InputCursor cursor(input);
  while (bytes != 0) {
    const std::size_t step = std::min(bytes, cursor.front().size());
    cursor.advance(step);
    bytes -= step;
  }
  Tag tag;
  read(cursor, std::as_writable_bytes(std::span(tag.data(), tag_bytes())));
  return tag;
}

}  // namespace virtcrypt::crypto
