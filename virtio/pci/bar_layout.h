// Where a VirtioPciFunction's structures lie, as the drawing in virtio_pci_function.h shows it. Internal to
// it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "virtcrypt/virtio/pci/msix.h"

namespace virtcrypt::virtio::pci {

constexpr unsigned kVirtioBar = 0;
constexpr std::uint32_t kCommonOffset = 0x0000;
constexpr std::uint32_t kIsrOffset = 0x1000;
constexpr std::uint32_t kDeviceConfigOffset = 0x2000;
constexpr std::uint32_t kNotifyOffset = 0x3000;
constexpr std::uint32_t kRegionBytes = 0x1000;
constexpr std::uint32_t kNotifyMultiplier = 4;

constexpr unsigned kMsixBar = 2;

// MSI-X table and pending bit array, half of it each.
constexpr std::uint64_t msix_bar_bytes(std::uint16_t vectors) {
  return 2 * std::max<std::uint64_t>(0x1000, std::bit_ceil(std::uint64_t{kMsixEntryBytes} * vectors));
}

}  // namespace virtcrypt::virtio::pci
