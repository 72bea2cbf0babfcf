// The value of --memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "virtcrypt/virtio/expected.h"

namespace virtcrypt::vmm::cli {

// Reads 256M, 2G or 6144 (MiB); letters of either case. The result is in bytes, a multiple of a MiB, and such
// that a machine can have it. The error is one line.
[[nodiscard]] virtio::Expected<std::uint64_t, std::string> parse_memory_size(std::string_view text);

}  // namespace virtcrypt::vmm::cli
