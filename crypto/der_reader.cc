#include "virtcrypt/crypto/der_reader.h"

namespace virtcrypt::crypto {

bool DerReader::is_next(DerTag tag) const {
  return !rest_.empty() && rest_.front() == static_cast<std::byte>(tag);
}

std::optional<std::span<const std::byte>> DerReader::take(DerTag tag) {
  const std::optional<std::uint8_t> identifier = take_octet();
  if (identifier != static_cast<std::uint8_t>(tag)) return std::nullopt;
  const std::optional<std::size_t> length = take_length();
  if (!length || *length == 0 || *length > rest_.size()) return std::nullopt;
  const std::span<const std::byte> content = rest_.first(*length);
  rest_ = rest_.subspan(*length);
  return content;
}

std::optional<std::uint8_t> DerReader::take_octet() {
  if (rest_.empty()) return std::nullopt;
  const auto octet = std::to_integer<std::uint8_t>(rest_.front());
  rest_ = rest_.subspan(1);
  return octet;
}

// X.690, 8.1.3 and 10.1: one octet below 128, else a count of octets, then the length in as few as will do.
std::optional<std::size_t> DerReader::take_length() {
  constexpr std::uint8_t kLongForm = 0x80;
  constexpr std::size_t kMaxOctets = 2;  // 64 KiB, far above any key that an engine takes
  const std::optional<std::uint8_t> first = take_octet();
  if (!first || *first < kLongForm) return first;
  const std::size_t count = *first & ~kLongForm;
  if (count == 0 || count > kMaxOctets) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<std::uint8_t> octet = take_octet();
    if (!octet) return std::nullopt;
    length = length << 8U | *octet;
  }
  const std::size_t least = count == 1 ? kLongForm : std::size_t{1} << 8U;
  if (length < least) return std::nullopt;
  return length;
}

std::optional<DerReader> open_der(DerTag tag, std::span<const std::byte> octets) {
  DerReader outer(octets);
  const std::optional<std::span<const std::byte>> members = outer.take(tag);
  if (!members || !outer.at_end()) return std::nullopt;
  return DerReader(*members);
}

}  // namespace virtcrypt::crypto
