// How a guest ended.
#pragma once

#include <cstdint>
#include <string>

namespace virtcrypt::vmm {

enum class GuestEnd : std::uint8_t {
  kPowerOff,          // the guest switched itself off
  kReset,             // the guest asked for a reset
  kTripleFault,       // a vCPU shut down
  kEmulationFailure,  // KVM could not emulate an instruction
  kKvmError,          // any other exit of KVM, or failure of the host, that cannot be continued
};

struct GuestExit {
  GuestEnd end;
  std::string detail;  // one line for the user
};

}  // namespace virtcrypt::vmm
