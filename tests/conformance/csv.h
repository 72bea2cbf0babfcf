// Comma-separated values as RFC 4180 has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virtcrypt::conformance {

using CsvRow = std::vector<std::string>;

// Rows of a table whose first row must be `head`, which is left out. Throws std::runtime_error that names the
// line when the head differs, a row has another number of fields, or a quoted field does not end.
[[nodiscard]] std::vector<CsvRow> parse_csv(std::string_view text, const CsvRow& head);

}  // namespace virtcrypt::conformance
