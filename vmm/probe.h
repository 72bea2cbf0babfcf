// Finds out what runs guest code on this host. A /dev/kvm whose backend has no VT-x or AMD-V behind it
// interprets guest code in the kernel's instruction emulator: small integer-only guests run, slowly, and
// Linux dies at its first instruction that the emulator lacks, after a minute or so. A user has to be told so
// before that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "virtcrypt/vmm/kvm.h"

namespace virtcrypt::vmm {

enum class Backend : std::uint8_t {
  kHardware,     // every guest runs
  kInterpreted,  // bare-metal guests without SSE and the like run
  kUnusable,     // not even the probe guest ran
};

struct ProbeResult {
  Backend backend;
  std::string detail;  // for kUnusable: what happened
};

// Runs a guest of a few instructions, one of which no interpreting backend has (POPCNT). Takes milliseconds,
// and two seconds at most. What goes wrong is kUnusable, not an exception.
[[nodiscard]] ProbeResult probe_backend(const Kvm& kvm);

// The rule of `virtcrypt run`: Linux wants hardware; any other guest may try its luck. Throws HostError that
// says what to do when `kernel` is Linux and this host only interprets guests, or cannot run any. A file that
// cannot be read throws HostError as well.
void require_backend_for(const std::filesystem::path& kernel, const Kvm& kvm);
// The same with the probe's result at hand.
void require_backend_for(const std::filesystem::path& kernel, const ProbeResult& probe);

// For guests that run on both backends. Throws HostError when this host cannot run any.
void require_usable(const ProbeResult& probe);

}  // namespace virtcrypt::vmm
