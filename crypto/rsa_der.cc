#include "virtcrypt/crypto/rsa_der.h"

#include "virtcrypt/crypto/der_reader.h"

namespace virtcrypt::crypto {
namespace {

// Takes an INTEGER into `into`.
bool take_integer(DerReader& reader, DerInteger& into) {
  const std::optional<std::span<const std::byte>> content = reader.take(DerTag::kInteger);
  if (content) into = *content;
  return content.has_value();
}

bool take_version(DerReader& reader) {
  DerInteger version;
  return take_integer(reader, version) && version.size() == 1 &&
         std::to_integer<unsigned>(version.front()) <= 1;
}

}  // namespace

std::optional<RsaPublicKeyParts> parse_rsa_public_key(std::span<const std::byte> der) {
  std::optional<DerReader> reader = open_der(DerTag::kSequence, der);
  RsaPublicKeyParts parts;
  if (!reader || !take_integer(*reader, parts.modulus) || !take_integer(*reader, parts.public_exponent) ||
      !reader->at_end()) {
    return std::nullopt;
  }
  return parts;
}

std::optional<RsaPrivateKeyParts> parse_rsa_private_key(std::span<const std::byte> der) {
  std::optional<DerReader> reader = open_der(DerTag::kSequence, der);
  if (!reader || !take_version(*reader)) return std::nullopt;
  RsaPrivateKeyParts parts;
  for (DerInteger* part : {&parts.modulus, &parts.public_exponent, &parts.private_exponent, &parts.prime1,
                           &parts.prime2, &parts.exponent1, &parts.exponent2, &parts.coefficient}) {
    if (!take_integer(*reader, *part)) return std::nullopt;
  }
  if (!reader->at_end()) return std::nullopt;
  return parts;
}

}  // namespace virtcrypt::crypto
