#pragma once

#include "tests/fuzz/operations.h"

namespace virtcrypt::fuzz {

// Each fuzzer is a program of its own.
[[nodiscard]] const Target& target_of_binary();

}  // namespace virtcrypt::fuzz
