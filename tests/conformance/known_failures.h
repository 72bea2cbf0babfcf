// Failures that are known beforehand: of a device whose deviations were examined, only news count.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/conformance/result.h"

namespace virtcrypt::conformance {

class KnownFailures {
 public:
  // A line names a check, and the format of virtqueues if it fails with only one; what follows a '#' is a
  // remark. Throws std::runtime_error for what is neither.
  [[nodiscard]] static KnownFailures parse(std::string_view text);

  // What is news, a line each: failures that are not listed, and listed checks that pass.
  [[nodiscard]] std::vector<std::string> news(const std::vector<CheckResult>& results) const;

 private:
  std::set<std::pair<std::string, RingFormat>> checks_;
};

}  // namespace virtcrypt::conformance
