// Reports of a run, for people and for programs.
#pragma once

#include <string>
#include <string_view>

#include "tests/conformance/result.h"

namespace virtcrypt::conformance {

// The failures with their evidence and how to repeat them, then totals a chapter; for a terminal.
[[nodiscard]] std::string as_text(const Report& report);
// Version 1 of the form that docs/conformance.md describes.
[[nodiscard]] std::string as_json(const Report& report);
// One page that needs nothing else.
[[nodiscard]] std::string as_html(const Report& report);
// JUnit's XML: a suite a chapter, a case a statement. What is not tested or not testable is skipped.
[[nodiscard]] std::string as_junit(const Report& report);

// In the form that the file name's extension says: .html, .json, .xml; throws std::invalid_argument for
// another.
[[nodiscard]] std::string as_file(const Report& report, std::string_view file_name);
[[nodiscard]] bool is_report_name(std::string_view file_name);

// The command line that runs just this check as it was run.
[[nodiscard]] std::string repeat_command(const RunInfo& info, const CheckResult& result);
// The check's id, and the format of the virtqueues where there was more than one.
[[nodiscard]] std::string name_of(const RunInfo& info, const CheckResult& result);
// "split", "packed", "split and packed".
[[nodiscard]] std::string ring_names(const RunInfo& info);

// For text and attributes of HTML and XML; characters that XML 1.0 does not allow become U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace virtcrypt::conformance
