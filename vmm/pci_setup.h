// What a firmware does to PCI before a system starts: gives each BAR an address and says which interrupt the
// pin is.
#pragma once

#include <cstdint>
#include <optional>

#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::vmm {

// A range of guest-physical memory from which BARs are cut. Thread-safety: distinct objects.
class PciWindow {
 public:
  PciWindow(std::uint64_t base, std::uint64_t size) : next_(base), end_(base + size) {}

  // `size` is a power of two; the address is a multiple of it. Nothing when the window has no such place
  // left.
  [[nodiscard]] std::optional<std::uint64_t> allocate(std::uint64_t size);

 private:
  std::uint64_t next_;
  std::uint64_t end_;
};

struct PciWindows {
  PciWindow below_4gib;
  PciWindow above_4gib;  // may be empty; 64-bit BARs then go below
};

// The windows of layout.h. The upper one is empty when the guest's physical addresses do not reach it.
[[nodiscard]] PciWindows pci_windows(unsigned physical_address_bits);

// Writes BARs and interrupt line. Decoding and bus mastering stay off: switching them on is the guest's
// business. HostError when the windows are full.
void set_up_function(virtio::pci::Function& function, PciWindows& windows, std::uint32_t gsi);

}  // namespace virtcrypt::vmm
