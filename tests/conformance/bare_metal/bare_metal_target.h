// The device of this project in the machine of vmm/, on KVM: with the exits, doorbells and interrupts of a
// guest.
#pragma once

#include <memory>

#include "tests/conformance/target.h"

namespace virtcrypt::conformance {

// Throws vmm::HostError when this host runs no guests.
[[nodiscard]] std::unique_ptr<Target> make_bare_metal_target();

}  // namespace virtcrypt::conformance
