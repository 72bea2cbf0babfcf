#include "virtcrypt/crypto/ecdsa_der.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>

#include "virtcrypt/crypto/der_reader.h"

namespace virtcrypt::crypto {
namespace {

constexpr std::byte kSignBit{0x80};
constexpr std::size_t kLongForm = 0x80;  // lengths from here on take a second octet

// The content octets of the curves' object identifiers (RFC 5480, 2.1.1.1): ansi-X9-62 prime curves and
// certicom's.
constexpr std::array<std::uint8_t, 8> kP192{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x01};
constexpr std::array<std::uint8_t, 5> kP224{0x2B, 0x81, 0x04, 0x00, 0x21};
constexpr std::array<std::uint8_t, 8> kP256{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 5> kP384{0x2B, 0x81, 0x04, 0x00, 0x22};
constexpr std::array<std::uint8_t, 5> kP521{0x2B, 0x81, 0x04, 0x00, 0x23};

std::span<const std::uint8_t> identifier_of(Curve curve) {
  switch (curve) {
    case Curve::kP192:
      return kP192;
    case Curve::kP224:
      return kP224;
    case Curve::kP256:
      return kP256;
    case Curve::kP384:
      return kP384;
    case Curve::kP521:
      return kP521;
  }
  return {};
}

// [0] parameters; only a named curve, and only this one.
bool names_curve(std::span<const std::byte> parameters, Curve curve) {
  DerReader reader(parameters);
  const auto identifier = reader.take(DerTag::kObjectIdentifier);
  const auto expected = std::as_bytes(identifier_of(curve));
  return identifier && reader.at_end() &&
         std::equal(identifier->begin(), identifier->end(), expected.begin(), expected.end());
}

// [1] publicKey: a BIT STRING of whole octets.
std::optional<std::span<const std::byte>> point_in(std::span<const std::byte> public_key) {
  DerReader reader(public_key);
  const auto bits = reader.take(DerTag::kBitString);
  if (!bits || !reader.at_end() || bits->size() < 2 || bits->front() != std::byte{0}) return std::nullopt;
  return bits->subspan(1);
}

// The magnitude of a positive INTEGER in its shortest form (X.690, 8.3.2).
std::optional<std::span<const std::byte>> take_positive(DerReader& reader) {
  const auto content = reader.take(DerTag::kInteger);
  if (!content || (content->front() & kSignBit) != std::byte{0}) return std::nullopt;
  if (content->front() != std::byte{0}) return content;
  if (content->size() == 1 || ((*content)[1] & kSignBit) == std::byte{0}) return std::nullopt;
  return content->subspan(1);
}

std::span<const std::byte> without_leading_zeros(std::span<const std::byte> number) {
  const auto first =
      std::find_if(number.begin(), number.end(), [](std::byte octet) { return octet != std::byte{0}; });
  return {first, number.end()};
}

bool needs_sign_octet(std::span<const std::byte> magnitude) {
  return (magnitude.front() & kSignBit) != std::byte{0};
}

std::size_t integer_content_bytes(std::span<const std::byte> magnitude) {
  return magnitude.size() + (needs_sign_octet(magnitude) ? 1 : 0);
}

// Appends to the front of `room` and returns what is left of it.
std::span<std::byte> put(std::span<std::byte> room, std::span<const std::byte> octets) {
  std::copy(octets.begin(), octets.end(), room.begin());
  return room.subspan(octets.size());
}

std::span<std::byte> put_integer(std::span<std::byte> room, std::span<const std::byte> magnitude) {
  const std::size_t content = integer_content_bytes(magnitude);
  room = put(room, std::array{static_cast<std::byte>(DerTag::kInteger), static_cast<std::byte>(content)});
  if (needs_sign_octet(magnitude)) room = put(room, std::array{std::byte{0}});
  return put(room, magnitude);
}

}  // namespace

std::optional<EcPrivateKeyParts> parse_ec_private_key(Curve curve, std::span<const std::byte> der) {
  std::optional<DerReader> reader = open_der(DerTag::kSequence, der);
  if (!reader) return std::nullopt;
  const auto version = reader->take(DerTag::kInteger);
  if (!version || version->size() != 1 || version->front() != std::byte{1}) return std::nullopt;
  const auto scalar = reader->take(DerTag::kOctetString);
  if (!scalar) return std::nullopt;
  EcPrivateKeyParts parts{.scalar = *scalar, .point = {}};
  if (reader->is_next(DerTag::kContext0)) {
    const auto parameters = reader->take(DerTag::kContext0);
    if (!parameters || !names_curve(*parameters, curve)) return std::nullopt;
  }
  if (reader->is_next(DerTag::kContext1)) {
    const auto public_key = reader->take(DerTag::kContext1);
    const auto point = public_key ? point_in(*public_key) : std::nullopt;
    if (!point) return std::nullopt;
    parts.point = *point;
  }
  if (!reader->at_end()) return std::nullopt;
  return parts;
}

std::optional<EcdsaSignatureParts> parse_ecdsa_signature(std::span<const std::byte> der) {
  std::optional<DerReader> reader = open_der(DerTag::kSequence, der);
  if (!reader) return std::nullopt;
  const auto r = take_positive(*reader);
  const auto s = r ? take_positive(*reader) : std::nullopt;
  if (!s || !reader->at_end()) return std::nullopt;
  return EcdsaSignatureParts{.r = *r, .s = *s};
}

SecureBuffer encode_ecdsa_signature(const EcdsaSignatureParts& numbers) {
  const auto r = without_leading_zeros(numbers.r);
  const auto s = without_leading_zeros(numbers.s);
  assert(!r.empty() && !s.empty());
  constexpr std::size_t kHeader = 2;  // tag and length of an INTEGER
  const std::size_t content = 2 * kHeader + integer_content_bytes(r) + integer_content_bytes(s);
  const bool long_form = content >= kLongForm;
  SecureBuffer encoded(kHeader + (long_form ? 1 : 0) + content);
  std::span<std::byte> room = put(encoded.bytes(), std::array{static_cast<std::byte>(DerTag::kSequence)});
  if (long_form) room = put(room, std::array{static_cast<std::byte>(kLongForm | 1)});
  room = put(room, std::array{static_cast<std::byte>(content)});
  put_integer(put_integer(room, r), s);
  return encoded;
}

}  // namespace virtcrypt::crypto
