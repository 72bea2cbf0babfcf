#include "virtcrypt/vmm/pci_setup.h"

#include <spdlog/fmt/fmt.h>

#include <linux/pci_regs.h>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm {
namespace {

std::optional<std::uint64_t> place(const virtio::pci::Function::BarInfo& bar, PciWindows& windows) {
  if (bar.is_64bit) {
    if (const auto address = windows.above_4gib.allocate(bar.size)) return address;
  }
  return windows.below_4gib.allocate(bar.size);
}

}  // namespace

std::optional<std::uint64_t> PciWindow::allocate(std::uint64_t size) {
  const std::uint64_t address = (next_ + size - 1) & ~(size - 1);
  if (address > end_ || size > end_ - address) return std::nullopt;
  next_ = address + size;
  return address;
}

PciWindows pci_windows(unsigned physical_address_bits) {
  const bool reachable = physical_address_bits >= 64 ||
                         (layout::kPciWindow64Base + layout::kPciWindow64Size) >> physical_address_bits == 0;
  return {{layout::kPciWindow32Base, layout::kPciWindow32Size},
          {layout::kPciWindow64Base, reachable ? layout::kPciWindow64Size : 0}};
}

void set_up_function(virtio::pci::Function& function, PciWindows& windows, std::uint32_t gsi) {
  for (const auto& bar : function.bars()) {
    const std::optional<std::uint64_t> address = place(bar, windows);
    if (!address) throw HostError(fmt::format("no room left for a PCI BAR of {} bytes", bar.size));
    const auto offset = static_cast<std::uint16_t>(PCI_BASE_ADDRESS_0 + 4 * bar.bar);
    function.config_write(offset, 4, static_cast<std::uint32_t>(*address));
    if (bar.is_64bit) {
      function.config_write(static_cast<std::uint16_t>(offset + 4), 4,
                            static_cast<std::uint32_t>(*address >> 32));
    }
  }
  if (function.config_read(PCI_INTERRUPT_PIN, 1) != 0) function.config_write(PCI_INTERRUPT_LINE, 1, gsi);
}

}  // namespace virtcrypt::vmm
