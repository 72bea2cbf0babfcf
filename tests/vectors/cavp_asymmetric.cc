// RSA and ECDSA.
#include <optional>

#include "tests/vectors/cavp.h"
#include "tests/vectors/digests.h"
#include "tests/vectors/hex.h"
#include "tests/vectors/key_encoding.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

constexpr const char* kNoHash = "virtio-crypto's RSA has no such hash";
constexpr const char* kNoCurve = "virtio-crypto has no such curve";

Case empty_case(const Paragraph& paragraph) {
  return {.name = paragraph.name(), .line = paragraph.line, .not_applicable = {}, .work = {}};
}

// CAVP writes "P (0 )" and "F (1 - Message changed)".
Verdict verdict_of(const Paragraph& paragraph) {
  if (!paragraph.has("result")) return Verdict::kValid;
  return paragraph.text("result").starts_with("P") ? Verdict::kValid : Verdict::kInvalid;
}

// Parts that a file does not have stay empty.
RsaPrivateNumbers laboratories_numbers(const Paragraph& paragraph) {
  return {.modulus = paragraph.number("modulus"),
          .public_exponent = paragraph.number("public exponent"),
          .private_exponent = paragraph.number("exponent"),
          .prime1 = paragraph.number("prime 1"),
          .prime2 = paragraph.number("prime 2"),
          .exponent1 = paragraph.number("prime exponent 1"),
          .exponent2 = paragraph.number("prime exponent 2"),
          .coefficient = paragraph.number("coefficient")};
}

AkcipherKey rsa_key(const RsaPrivateNumbers& numbers, std::uint32_t hash) {
  AkcipherKey key;
  key.hash = hash;
  key.public_key = rsa_public_key(numbers.modulus, numbers.public_exponent);
  if (!numbers.private_exponent.empty()) key.private_key = rsa_private_key(numbers);
  return key;
}

// The exponents of cases that are to fail do not belong together, so only good cases sign.
Case rsa_signature_case(const Paragraph& paragraph) {
  Case result = empty_case(paragraph);
  const std::optional<std::uint32_t> hash = rsa_hash_number(paragraph.text("shaalg"));
  if (!hash) {
    result.not_applicable = kNoHash;
    return result;
  }
  RsaPrivateNumbers numbers;
  numbers.modulus = paragraph.number("n");
  numbers.public_exponent = paragraph.number("e");
  const Verdict verdict = verdict_of(paragraph);
  if (verdict == Verdict::kValid && paragraph.has("d")) numbers.private_exponent = paragraph.number("d");
  result.work = SignatureCase{.key = rsa_key(numbers, *hash),
                              .digest = *digest_of(paragraph.text("shaalg"), paragraph.hex("msg")),
                              .signature = paragraph.hex("s"),
                              .verdict = verdict};
  return result;
}

Case laboratories_signature_case(const Paragraph& paragraph) {
  Case result = empty_case(paragraph);
  result.work = SignatureCase{.key = rsa_key(laboratories_numbers(paragraph), number::kRsaSha1),
                              .digest = *digest_of("SHA-1", paragraph.hex("message to be signed")),
                              .signature = paragraph.hex("signature"),
                              .verdict = Verdict::kValid};
  return result;
}

Case laboratories_encryption_case(const Paragraph& paragraph) {
  Case result = empty_case(paragraph);
  result.work = DecryptCase{.key = rsa_key(laboratories_numbers(paragraph), number::kRsaNoHash),
                            .ciphertext = paragraph.hex("encryption"),
                            .expected = paragraph.hex("message"),
                            .verdict = Verdict::kValid};
  return result;
}

// The section is "P-256,SHA-1", or "P-256" in files of FIPS 186-2, which knew SHA-1 only.
struct EcSection {
  std::string curve;
  std::string hash;
};

EcSection section_of(const Paragraph& paragraph) {
  const std::size_t comma = paragraph.section.find(',');
  return {paragraph.section.substr(0, comma),
          comma == std::string::npos ? "SHA-1" : paragraph.section.substr(comma + 1)};
}

Bytes point_of(const CurveName& curve, const Paragraph& paragraph) {
  return ec_point(curve, paragraph.number("qx"), paragraph.number("qy"));
}

Work ecdsa_work(const CurveName& curve, const Bytes& digest, const Paragraph& paragraph) {
  AkcipherKey key{.ecdsa = true,
                  .hash = 0,
                  .curve = curve.number,
                  .public_key = point_of(curve, paragraph),
                  .private_key = {}};
  if (paragraph.has("d")) key.private_key = ec_private_key(curve, paragraph.number("d"), key.public_key);
  return SignatureCase{.key = key,
                       .digest = digest,
                       .signature = ecdsa_signature(paragraph.number("r"), paragraph.number("s")),
                       .verdict = verdict_of(paragraph)};
}

Work key_work(const CurveName& curve, bool pair, const Paragraph& paragraph) {
  AkcipherKey key{.ecdsa = true,
                  .hash = 0,
                  .curve = curve.number,
                  .public_key = point_of(curve, paragraph),
                  .private_key = {}};
  if (pair) key.private_key = ec_private_key(curve, paragraph.number("d"), key.public_key);
  return KeyCase{.key = key, .verdict = verdict_of(paragraph)};
}

Case ec_case(const CavpKind& kind, const Paragraph& paragraph) {
  Case result = empty_case(paragraph);
  const EcSection section = section_of(paragraph);
  result.name = paragraph.section + " " + result.name;
  const CurveName* const curve = find_curve(section.curve);
  if (curve == nullptr) {
    result.not_applicable = kNoCurve;
  } else if (kind.family == CavpFamily::kEcdsa) {
    const std::optional<Bytes> digest = digest_of(section.hash, paragraph.hex("msg"));
    if (!digest) throw ParseError(paragraph.line, "unknown hash '" + section.hash + "'");
    result.work = ecdsa_work(*curve, *digest, paragraph);
  } else {
    result.work = key_work(*curve, kind.family == CavpFamily::kEcPair, paragraph);
  }
  return result;
}

std::vector<Paragraph> cases_of(CavpFamily family, const std::vector<Paragraph>& paragraphs) {
  if (family == CavpFamily::kEcPoint || family == CavpFamily::kEcPair)
    return select_cases(paragraphs, {"qx"});
  // Some files state the exponent with the first case only.
  return select_cases(paragraphs, {"s", "signature", "encryption"}, {"e"});
}

}  // namespace

std::vector<Case> asymmetric_cases(const CavpKind& kind, const std::vector<Paragraph>& paragraphs) {
  std::vector<Case> cases;
  for (const Paragraph& paragraph : cases_of(kind.family, paragraphs)) {
    switch (kind.family) {
      case CavpFamily::kRsaSignature:
        cases.push_back(rsa_signature_case(paragraph));
        break;
      case CavpFamily::kRsaLaboratoriesSignature:
        cases.push_back(laboratories_signature_case(paragraph));
        break;
      case CavpFamily::kRsaLaboratoriesEncryption:
        cases.push_back(laboratories_encryption_case(paragraph));
        break;
      default:
        cases.push_back(ec_case(kind, paragraph));
        break;
    }
  }
  return cases;
}

}  // namespace virtcrypt::vectors
