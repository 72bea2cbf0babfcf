// Cases out of files of lines: NIST CAVP, and what others wrote in that form or RSA Laboratories'.
#pragma once

#include <string_view>
#include <vector>

#include "tests/vectors/case.h"
#include "tests/vectors/cavp_kinds.h"
#include "tests/vectors/cavp_lines.h"

namespace virtcrypt::vectors {

// Throws ParseError when the content is not what `kind` promises.
[[nodiscard]] std::vector<Case> cavp_cases(const CavpKind& kind, std::string_view content);

// By family, out of the file's paragraphs.
[[nodiscard]] std::vector<Case> symmetric_cases(const CavpKind& kind,
                                                const std::vector<Paragraph>& paragraphs);
[[nodiscard]] std::vector<Case> digest_cases(const CavpKind& kind, const std::vector<Paragraph>& paragraphs);
[[nodiscard]] std::vector<Case> asymmetric_cases(const CavpKind& kind,
                                                 const std::vector<Paragraph>& paragraphs);

}  // namespace virtcrypt::vectors
