#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

constexpr std::uint16_t kCommand = 0x04;
constexpr std::uint16_t kFirstBar = 0x10;
constexpr std::uint16_t kCapabilitiesPointer = 0x34;
constexpr std::uint8_t kMsixId = 0x11;
constexpr std::uint8_t kVendorSpecificId = 0x09;
constexpr unsigned kBars = 6;
constexpr unsigned kMostCapabilities = 48;  // of 4 bytes each behind the header

std::uint32_t read(test::PciAccess& pci, unsigned offset, unsigned width) {
  return pci.config_read(static_cast<std::uint16_t>(offset), width);
}

VirtioCapability virtio_capability(test::PciAccess& pci, std::uint8_t at) {
  VirtioCapability found{.at = at,
                         .cap_len = static_cast<std::uint8_t>(read(pci, at + 2U, 1)),
                         .cfg_type = static_cast<std::uint8_t>(read(pci, at + 3U, 1)),
                         .bar = static_cast<std::uint8_t>(read(pci, at + 4U, 1)),
                         .id = static_cast<std::uint8_t>(read(pci, at + 5U, 1)),
                         .offset = read(pci, at + 8U, 4),
                         .length = read(pci, at + 12U, 4)};
  if (found.cfg_type == cfg_type::kSharedMemory) {  // struct virtio_pci_cap64 (4.1.4.7)
    found.offset |= std::uint64_t{read(pci, at + 16U, 4)} << 32;
    found.length |= std::uint64_t{read(pci, at + 20U, 4)} << 32;
  }
  return found;
}

// What of a BAR's register can be written.
std::uint32_t writable_bits(test::PciAccess& pci, std::uint16_t offset) {
  const std::uint32_t before = pci.config_read(offset, 4);
  pci.config_write(offset, 4, 0xFFFF'FFFF);
  const std::uint32_t seen = pci.config_read(offset, 4);
  pci.config_write(offset, 4, before);
  return seen;
}

}  // namespace

std::vector<PciCapability> walk_capabilities(test::PciAccess& pci) {
  std::vector<PciCapability> found;
  unsigned at = read(pci, kCapabilitiesPointer, 1);
  while (at != 0 && found.size() < kMostCapabilities) {
    found.push_back({static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(read(pci, at, 1))});
    at = read(pci, at + 1, 1);
  }
  return found;
}

std::vector<VirtioCapability> virtio_capabilities(test::PciAccess& pci) {
  std::vector<VirtioCapability> found;
  for (const PciCapability& capability : walk_capabilities(pci)) {
    if (capability.id == kVendorSpecificId) found.push_back(virtio_capability(pci, capability.offset));
  }
  return found;
}

std::vector<VirtioCapability> virtio_capabilities(test::PciAccess& pci, std::uint8_t type) {
  std::vector<VirtioCapability> found = virtio_capabilities(pci);
  std::erase_if(found, [type](const VirtioCapability& capability) { return capability.cfg_type != type; });
  return found;
}

std::vector<PciBar> probe_bars(test::PciAccess& pci) {
  const std::uint32_t command = pci.config_read(kCommand, 2);
  pci.config_write(kCommand, 2, command & ~3U);
  std::vector<PciBar> bars;
  for (unsigned index = 0; index < kBars; ++index) {
    const auto offset = static_cast<std::uint16_t>(kFirstBar + 4 * index);
    const std::uint32_t low = writable_bits(pci, offset);
    if (low == 0) continue;
    PciBar bar{.index = index, .is_io = (low & 1) != 0, .is_64bit = (low & 7) == 4, .size = 0};
    std::uint64_t mask = low & (bar.is_io ? ~3U : ~15U);
    if (bar.is_64bit) {
      mask |= std::uint64_t{writable_bits(pci, static_cast<std::uint16_t>(offset + 4))} << 32;
      ++index;
    } else {
      mask |= std::uint64_t{0xFFFF'FFFF} << 32;
    }
    bar.size = ~mask + 1;
    bars.push_back(bar);
  }
  pci.config_write(kCommand, 2, command);
  return bars;
}

std::uint64_t bar_size(const std::vector<PciBar>& bars, unsigned index) {
  for (const PciBar& bar : bars) {
    if (bar.index == index) return bar.size;
  }
  return 0;
}

bool has_extended_capability(test::PciAccess& pci, std::uint16_t id) {
  constexpr unsigned kMost = 960;  // of 4 bytes each
  unsigned at = 0x100;
  for (unsigned steps = 0; at >= 0x100 && steps < kMost; ++steps) {
    const std::uint32_t header = read(pci, at, 4);
    if (header == 0 || header == 0xFFFF'FFFF) return false;
    if ((header & 0xFFFF) == id) return true;
    at = header >> 20 & ~3U;
  }
  return false;
}

MsixCapability msix_capability(test::PciAccess& pci) {
  for (const PciCapability& capability : walk_capabilities(pci)) {
    if (capability.id != kMsixId) continue;
    const std::uint32_t table = read(pci, capability.offset + 4U, 4);
    const std::uint32_t pending = read(pci, capability.offset + 8U, 4);
    return {.at = capability.offset,
            .vectors = static_cast<std::uint16_t>((read(pci, capability.offset + 2U, 2) & 0x7FF) + 1),
            .table_bar = table & 7,
            .table_offset = table & ~7U,
            .pending_bar = pending & 7,
            .pending_offset = pending & ~7U};
  }
  return {};
}

}  // namespace virtcrypt::conformance
