#include "virtcrypt/crypto/rsa_der.h"

#include <cstdint>

namespace virtcrypt::crypto {
namespace {

enum class Tag : std::uint8_t { kInteger = 0x02, kSequence = 0x30 };

// Takes elements off the front of a string of octets; every length is checked against what is left before it
// is used.
class DerReader {
 public:
  explicit DerReader(std::span<const std::byte> octets) : rest_(octets) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  // The content of the next element, which must carry `tag` and must not be empty.
  [[nodiscard]] std::optional<std::span<const std::byte>> take(Tag tag) {
    const std::optional<std::uint8_t> identifier = take_octet();
    if (identifier != static_cast<std::uint8_t>(tag)) return std::nullopt;
    const std::optional<std::size_t> length = take_length();
    if (!length || *length == 0 || *length > rest_.size()) return std::nullopt;
    const std::span<const std::byte> content = rest_.first(*length);
    rest_ = rest_.subspan(*length);
    return content;
  }

  // Takes an INTEGER into `into`.
  [[nodiscard]] bool take_integer(DerInteger& into) {
    const std::optional<std::span<const std::byte>> content = take(Tag::kInteger);
    if (content) into = *content;
    return content.has_value();
  }

 private:
  std::optional<std::uint8_t> take_octet() {
    if (rest_.empty()) return std::nullopt;
    const auto octet = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return octet;
  }

  // X.690, 8.1.3 and 10.1: one octet below 128, else a count of octets, then the length in as few as will do.
  std::optional<std::size_t> take_length() {
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

  std::span<const std::byte> rest_;
};

// A reader of the members of the one SEQUENCE that `der` has to be.
std::optional<DerReader> open_sequence(std::span<const std::byte> der) {
  DerReader outer(der);
  const std::optional<std::span<const std::byte>> members = outer.take(Tag::kSequence);
  if (!members || !outer.at_end()) return std::nullopt;
  return DerReader(*members);
}

bool take_version(DerReader& reader) {
  DerInteger version;
  return reader.take_integer(version) && version.size() == 1 &&
         std::to_integer<unsigned>(version.front()) <= 1;
}

}  // namespace

std::optional<RsaPublicKeyParts> parse_rsa_public_key(std::span<const std::byte> der) {
  std::optional<DerReader> reader = open_sequence(der);
  RsaPublicKeyParts parts;
  if (!reader || !reader->take_integer(parts.modulus) || !reader->take_integer(parts.public_exponent) ||
      !reader->at_end()) {
    return std::nullopt;
  }
  return parts;
}

std::optional<RsaPrivateKeyParts> parse_rsa_private_key(std::span<const std::byte> der) {
  std::optional<DerReader> reader = open_sequence(der);
  if (!reader || !take_version(*reader)) return std::nullopt;
  RsaPrivateKeyParts parts;
  for (DerInteger* part : {&parts.modulus, &parts.public_exponent, &parts.private_exponent, &parts.prime1,
                           &parts.prime2, &parts.exponent1, &parts.exponent2, &parts.coefficient}) {
    if (!reader->take_integer(*part)) return std::nullopt;
  }
  if (!reader->at_end()) return std::nullopt;
  return parts;
}

}  // namespace virtcrypt::crypto
