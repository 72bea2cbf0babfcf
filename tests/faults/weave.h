// Puts faults, each behind its switch, into the text of a source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/fault_list.h"

namespace virtcrypt::faults {

// `source` with the changes that the faults make to `file`. White space of a snippet, however much, stands
// for white space in the source, so that formatting does not matter. Throws ListError when a snippet is not
// found exactly once, or overlaps with that of another change.
[[nodiscard]] std::string weave(std::string_view source, std::string_view file,
                                const std::vector<ListedFault>& faults);

// A source that defines all_faults().
[[nodiscard]] std::string table_of(const std::vector<ListedFault>& faults);

}  // namespace virtcrypt::faults
