// What must hold whatever a fuzzer does.
#pragma once

#include <string_view>

namespace virtcrypt::fuzz {

// Aborts with a line that says what must have held.
void require(bool holds, std::string_view what);

}  // namespace virtcrypt::fuzz
