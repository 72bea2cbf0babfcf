// The commands that change and describe crypto devices while a guest runs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "virtcrypt/devices/crypto/device.h"

namespace virtcrypt::vmm {

// Carries one line out: "status" or "ready [DEVICE] on|off". The answer is one line of JSON: an object with
// "ok", and "devices" or "error". Thread-safety: any thread.
[[nodiscard]] std::string carry_out(std::string_view line,
                                    std::span<devices::crypto_dev::Device* const> devices);

}  // namespace virtcrypt::vmm
