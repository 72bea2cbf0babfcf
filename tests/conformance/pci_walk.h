// What a driver finds in PCI configuration space: capabilities and BARs (PCI Local Bus 3.0, chapter 6).
#pragma once

#include <cstdint>
#include <vector>

#include "tests/driver/pci_access.h"

namespace virtcrypt::conformance {

struct PciCapability {
  std::uint8_t offset;
  std::uint8_t id;
};

// Follows the list as far as it goes, at most as many as there is room for.
[[nodiscard]] std::vector<PciCapability> walk_capabilities(test::PciAccess& pci);

// struct virtio_pci_cap (4.1.4). The offset and length of a 64-bit capability include the upper halves.
struct VirtioCapability {
  std::uint8_t at;  // in configuration space
  std::uint8_t cap_len;
  std::uint8_t cfg_type;
  std::uint8_t bar;
  std::uint8_t id;
  std::uint64_t offset;
  std::uint64_t length;
};

namespace cfg_type {
constexpr std::uint8_t kCommon = 1, kNotify = 2, kIsr = 3, kDevice = 4, kPciCfg = 5, kSharedMemory = 8,
                       kVendor = 9;
}

[[nodiscard]] std::vector<VirtioCapability> virtio_capabilities(test::PciAccess& pci);
[[nodiscard]] std::vector<VirtioCapability> virtio_capabilities(test::PciAccess& pci, std::uint8_t type);

struct PciBar {
  unsigned index;
  bool is_io;
  bool is_64bit;
  std::uint64_t size;
};

// Sizes the BARs by writing all ones, with decoding off, and puts everything back.
[[nodiscard]] std::vector<PciBar> probe_bars(test::PciAccess& pci);
// Size of one of them; 0 when there is none.
[[nodiscard]] std::uint64_t bar_size(const std::vector<PciBar>& bars, unsigned index);

// Whether extended configuration space has this capability (PCI Express, 7.6).
[[nodiscard]] bool has_extended_capability(test::PciAccess& pci, std::uint16_t id);

// The MSI-X capability and what it says (PCI 3.0, 6.8.2).
struct MsixCapability {
  std::uint8_t at;  // 0: there is none
  std::uint16_t vectors;
  unsigned table_bar;
  std::uint32_t table_offset;
  unsigned pending_bar;
  std::uint32_t pending_offset;
};
[[nodiscard]] MsixCapability msix_capability(test::PciAccess& pci);

}  // namespace virtcrypt::conformance
