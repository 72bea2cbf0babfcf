#include "tests/vectors/cavp.h"

#include "tests/vectors/hex.h"

namespace virtcrypt::vectors {
namespace {

// What the file would run if there were such an algorithm: everything that looks like a case.
std::vector<Case> not_applicable_cases(const CavpKind& kind, std::string_view content) {
  std::vector<Case> cases;
  for (const Paragraph& paragraph :
       select_cases(read_paragraphs(content, true),
                    {"ciphertext", "ciphertext1", "ct", "md", "out", "output", "result", "s", "tag", "d"})) {
    cases.push_back({.name = paragraph.name(),
                     .line = paragraph.line,
                     .not_applicable = std::string(kind.reason),
                     .work = {}});
  }
  if (cases.empty())
    cases.push_back({.name = "file", .line = 0, .not_applicable = std::string(kind.reason), .work = {}});
  return cases;
}

}  // namespace

std::vector<Case> cavp_cases(const CavpKind& kind, std::string_view content) {
  switch (kind.family) {
    case CavpFamily::kNotApplicable:
      return not_applicable_cases(kind, content);
    case CavpFamily::kCipher:
    case CavpFamily::kGcm:
    case CavpFamily::kCcm:
    case CavpFamily::kChacha20Poly1305:
      return symmetric_cases(kind, read_paragraphs(content));
    case CavpFamily::kHash:
    case CavpFamily::kMonteCarlo:
    case CavpFamily::kHmac:
    case CavpFamily::kCmac:
      return digest_cases(kind, read_paragraphs(content));
    case CavpFamily::kRsaLaboratoriesSignature:
      return asymmetric_cases(kind, read_rsa_laboratories(content, "signature"));
    case CavpFamily::kRsaLaboratoriesEncryption:
      return asymmetric_cases(kind, read_rsa_laboratories(content, "encryption"));
    case CavpFamily::kRsaSignature:
    case CavpFamily::kEcdsa:
    case CavpFamily::kEcPoint:
    case CavpFamily::kEcPair:
      return asymmetric_cases(kind, read_paragraphs(content));
  }
  return {};
}

}  // namespace virtcrypt::vectors
