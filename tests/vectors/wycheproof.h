// Cases out of JSON files of the form that Project Wycheproof uses (https://github.com/C2SP/wycheproof).
#pragma once

#include <string_view>

#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

// Throws ParseError: not JSON (with the line), or not of this form (with the test's number).
[[nodiscard]] VectorFile wycheproof_file(std::string_view content);

}  // namespace virtcrypt::vectors
