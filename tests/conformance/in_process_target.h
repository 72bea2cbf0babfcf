// The device model of this project, in this process and without threads: deterministic.
#pragma once

#include <memory>

#include "tests/conformance/target.h"

namespace virtcrypt::conformance {

[[nodiscard]] std::unique_ptr<Target> make_in_process_target();

}  // namespace virtcrypt::conformance
