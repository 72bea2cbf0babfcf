#include "tests/vectors/key_encoding.h"

#include <algorithm>
#include <initializer_list>

#include "tests/vectors/hex.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

constexpr CurveName kCurves[] = {
    {"P-192", "secp192r1", number::kP192, 24}, {"P-224", "secp224r1", number::kP224, 28},
    {"P-256", "secp256r1", number::kP256, 32}, {"P-384", "secp384r1", number::kP384, 48},
    {"P-521", "secp521r1", number::kP521, 66},
};

Bytes octet(unsigned value) {
  return Bytes(1, static_cast<std::byte>(value));
}

Bytes concatenated(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts) {
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

// X.690, 10.1. Keys are shorter than 16 MiB by far.
Bytes length_octets(std::size_t size) {
  const auto value = static_cast<unsigned>(size);
  if (size > 0xffff)
    return concatenated({octet(0x83), octet(value >> 16U), octet(value >> 8U), octet(value)});
  if (size > 0xff) return concatenated({octet(0x82), octet(value >> 8U), octet(value)});
  if (size > 0x7f) return concatenated({octet(0x81), octet(value)});
  return octet(value);
}

Bytes element(unsigned tag, const Bytes& content) {
  return concatenated({octet(tag), length_octets(content.size()), content});
}

Bytes integer(const Bytes& number) {
  const auto first =
      std::find_if(number.begin(), number.end(), [](std::byte each) { return each != std::byte{0}; });
  const bool needs_sign_octet = first == number.end() || (*first & std::byte{0x80}) != std::byte{0};
  const Bytes magnitude(first, number.end());
  return element(0x02, needs_sign_octet ? concatenated({octet(0), magnitude}) : magnitude);
}

Bytes sequence(std::initializer_list<Bytes> members) {
  return element(0x30, concatenated(members));
}

}  // namespace

Bytes rsa_public_key(const Bytes& modulus, const Bytes& exponent) {
  return sequence({integer(modulus), integer(exponent)});
}

Bytes rsa_private_key(const RsaPrivateNumbers& key) {
  return sequence({integer({}), integer(key.modulus), integer(key.public_exponent),
                   integer(key.private_exponent), integer(key.prime1), integer(key.prime2),
                   integer(key.exponent1), integer(key.exponent2), integer(key.coefficient)});
}

const CurveName* find_curve(std::string_view name) {
  for (const CurveName& curve : kCurves) {
    if (curve.nist == name || curve.secg == name) return &curve;
  }
  return nullptr;
}

Bytes ec_point(const CurveName& curve, const Bytes& x, const Bytes& y) {
  return concatenated({octet(4), left_padded(x, curve.field_bytes), left_padded(y, curve.field_bytes)});
}

Bytes ec_private_key(const CurveName& curve, const Bytes& scalar, const Bytes& point) {
  const Bytes secret = element(0x04, left_padded(scalar, curve.field_bytes));
  if (point.empty()) return sequence({integer(octet(1)), secret});
  const Bytes bits = element(0x03, joined(octet(0), point));
  return sequence({integer(octet(1)), secret, element(0xA1, bits)});
}

Bytes ecdsa_signature(const Bytes& r, const Bytes& s) {
  return sequence({integer(r), integer(s)});
}

}  // namespace virtcrypt::vectors
