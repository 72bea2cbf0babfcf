#include "virtcrypt/devices/crypto/decoded_request.h"

namespace virtcrypt::devices::crypto_dev {

std::uint64_t FieldReader::field(std::string_view name, std::size_t bytes) {
  if (offset_ > bytes_.size() || bytes > bytes_.size() - offset_) {
    request_.cut_short = true;
    return 0;
  }
  const std::uint64_t value = peek(offset_, bytes);
  request_.fields.push_back({name, offset_, bytes, value, {}});
  offset_ += bytes;
  return value;
}

std::uint64_t FieldReader::peek(std::size_t offset, std::size_t bytes) const {
  if (offset > bytes_.size() || bytes > bytes_.size() - offset) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= std::to_integer<std::uint64_t>(bytes_[offset + i]) << (8 * i);
  return value;
}

void FieldReader::part(std::string_view name, std::uint64_t bytes, bool is_key) {
  if (request_.cut_short || bytes == 0) return;
  if (part_offset_ == 0) part_offset_ = offset_;
  request_.parts.push_back({name, part_offset_, bytes, is_key});
  part_offset_ += bytes;  // lengths are of 32 bits: no sum of them wraps
}

}  // namespace virtcrypt::devices::crypto_dev
