#pragma once

#include <cstdint>

namespace virtcrypt::fuzz {

// Each fuzzer is a program of its own: what the inputs that it makes begin with, so that others know whose
// they are.
[[nodiscard]] std::uint8_t number_of_binary();

}  // namespace virtcrypt::fuzz
