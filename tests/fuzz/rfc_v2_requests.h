// The same for the dialect of the draft (docs/rfc-v2.md).
#pragma once

#include "tests/fuzz/requests.h"

namespace virtcrypt::fuzz {

// Without `creates` and `closes`, a data request.
[[nodiscard]] BuiltRequest build_rfc_v2(const Target& target, const DriverState& state, bool creates,
                                        bool closes, Reader& bytes);

}  // namespace virtcrypt::fuzz
