// The tables of this folder as the program carries them; nothing is looked up at run time.
#pragma once

#include <string_view>

namespace virtcrypt::conformance {

[[nodiscard]] std::string_view statements_csv();
[[nodiscard]] std::string_view reasons_csv();
[[nodiscard]] std::string_view driver_reasons_csv();

}  // namespace virtcrypt::conformance
