// Which checks and statements a run is about (--only), and lists of them (--list).
#pragma once

#include <string>
#include <vector>

#include "tests/conformance/check.h"
#include "tests/conformance/statement.h"

namespace virtcrypt::conformance {

struct Selection {
  std::vector<const Check*> checks;
  std::vector<const Statement*> statements;  // to report on
};

// Checks whose id, or one of whose statements' ids, begins with one of the words; and the statements that
// they test. Without words: all checks and all device statements. Throws std::runtime_error when a word fits
// nothing.
[[nodiscard]] Selection select(const std::vector<std::string>& words);

// Checks with their statements, then the statements without check and why.
[[nodiscard]] std::string as_list(const Selection& selection);

}  // namespace virtcrypt::conformance
