// VirtioPciFunction's configuration space: its capabilities, the window of 4.1.4.9, and what writes to it set
// off.
#include <algorithm>
#include <array>
#include <cstring>

#include <linux/virtio_pci.h>

#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/pci/bar_layout.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::virtio::pci {
namespace {

constexpr std::uint8_t kMsixCapabilityId = 0x11;  // PCI 3.0, appendix H
constexpr std::uint8_t kVendorCapabilityId = 0x09;

// struct virtio_pci_cap (4.1.4) behind cap_vndr and cap_next.
struct CapabilityBody {
  std::uint8_t cap_len;
  std::uint8_t cfg_type;
  std::uint8_t bar;
  std::uint8_t id;
  std::uint8_t padding[2];
  Le32 offset;
  Le32 length;
};
static_assert(sizeof(CapabilityBody) == 14);

struct NotifyCapabilityBody {
  CapabilityBody cap;
  Le32 notify_off_multiplier;
};

struct PciCfgCapabilityBody {
  CapabilityBody cap;
  std::uint8_t pci_cfg_data[4];
};

// Offsets inside the PCI_CFG capability, from its start (4.1.4.9).
constexpr std::uint8_t kPciCfgBar = 4;
constexpr std::uint8_t kPciCfgOffset = 8;
constexpr std::uint8_t kPciCfgLength = 12;
constexpr std::uint8_t kPciCfgData = 16;
constexpr std::uint8_t kPciCfgBytes = 20;

struct MsixCapabilityBody {
  Le16 message_control;
  Le32 table;
  Le32 pending;
};
static_assert(sizeof(MsixCapabilityBody) == 10);

template <typename Body>
std::span<const std::byte> bytes_of(const Body& body) {
  return std::as_bytes(std::span(&body, 1));
}

}  // namespace

void VirtioPciFunction::add_capabilities() {
  const std::uint64_t msix_half = msix_bar_bytes(msix_.vectors()) / 2;
  const MsixCapabilityBody msix{.message_control = static_cast<std::uint16_t>(msix_.vectors() - 1),
                                .table = kMsixBar,
                                .pending = static_cast<std::uint32_t>(msix_half) | kMsixBar};
  msix_capability_ = config_.add_capability(kMsixCapabilityId, bytes_of(msix), {{3, 0xC0}});

  add_virtio_capability(VIRTIO_PCI_CAP_COMMON_CFG, kCommonOffset, kCommonConfigBytes);
  const NotifyCapabilityBody notify{.cap = {.cap_len = 2 + sizeof(NotifyCapabilityBody),
                                            .cfg_type = VIRTIO_PCI_CAP_NOTIFY_CFG,
                                            .bar = kVirtioBar,
                                            .id = 0,
                                            .padding = {},
                                            .offset = kNotifyOffset,
                                            .length = notify_bytes_},
                                    .notify_off_multiplier = kNotifyMultiplier};
  virtio_capabilities_.push_back(config_.add_capability(kVendorCapabilityId, bytes_of(notify), {}));
  add_virtio_capability(VIRTIO_PCI_CAP_ISR_CFG, kIsrOffset, 1);
  add_virtio_capability(VIRTIO_PCI_CAP_DEVICE_CFG, kDeviceConfigOffset,
                        static_cast<std::uint32_t>(device_->config_bytes()));

  const PciCfgCapabilityBody pci_cfg{.cap = {.cap_len = kPciCfgBytes,
                                             .cfg_type = VIRTIO_PCI_CAP_PCI_CFG,
                                             .bar = 0,
                                             .id = 0,
                                             .padding = {},
                                             .offset = 0,
                                             .length = 0},
                                     .pci_cfg_data = {}};
  pci_cfg_capability_ = config_.add_capability(kVendorCapabilityId, bytes_of(pci_cfg),
                                               {{4, 0xFF},
                                                {8, 0xFF},
                                                {9, 0xFF},
                                                {10, 0xFF},
                                                {11, 0xFF},
                                                {12, 0xFF},
                                                {13, 0xFF},
                                                {14, 0xFF},
                                                {15, 0xFF},
                                                {16, 0xFF},
                                                {17, 0xFF},
                                                {18, 0xFF},
                                                {19, 0xFF}});
}

void VirtioPciFunction::add_virtio_capability(std::uint8_t type, std::uint32_t offset, std::uint32_t length) {
  const CapabilityBody body{.cap_len = 2 + sizeof(CapabilityBody),
                            .cfg_type = type,
                            .bar = kVirtioBar,
                            .id = 0,
                            .padding = {},
                            .offset = offset,
                            .length = length};
  virtio_capabilities_.push_back(config_.add_capability(kVendorCapabilityId, bytes_of(body), {}));
}

std::uint32_t VirtioPciFunction::config_read(std::uint16_t offset, unsigned width) {
  const std::lock_guard lock(config_mutex_);
  const unsigned data_start = pci_cfg_capability_ + kPciCfgData;
  if (offset + width > data_start && offset < data_start + 4U) {
    if (observer_ != nullptr) show_window();
    std::uint64_t target = 0;
    unsigned bar = 0;
    std::size_t length = 0;
    if (pci_cfg_target(target, bar, length)) {
      std::array<std::byte, 4> data{};
      read_region(bar, target, std::span(data).first(length));
      Le32 value;
      std::memcpy(&value, data.data(), sizeof value);
      config_.set(static_cast<std::uint16_t>(data_start), 4, value);
    }
  }
  std::uint32_t value = config_.read(offset, width);
  if (offset <= kStatusRegister && offset + width > kStatusRegister && !msix_.enabled()) {
    const std::lock_guard intx_lock(intx_mutex_);
    if (isr_ != 0) value |= std::uint32_t{kStatusInterrupt} << (8 * (kStatusRegister - offset));
  }
  return value;
}

void VirtioPciFunction::config_write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  Reset reset = Reset::kNone;
  {
    const std::lock_guard lock(config_mutex_);
    config_.write(offset, width, value);
    const unsigned data_start = pci_cfg_capability_ + kPciCfgData;
    if (observer_ != nullptr) {
      show_capability_write(offset, width, value);
      if (offset + width > data_start && offset < data_start + 4U) show_window();
    }
    std::uint64_t target = 0;
    unsigned bar = 0;
    std::size_t length = 0;
    if (offset + width > data_start && offset < data_start + 4U && pci_cfg_target(target, bar, length)) {
      const Le32 data = config_.read(static_cast<std::uint16_t>(data_start), 4);
      reset = write_region(bar, target, bytes_of(data).first(length));
    } else {
      config_changed();
    }
  }
  if (reset == Reset::kRequested) reset_device();
}

// 4.1.4.9.1: where an access to pci_cfg_data goes. What the driver must not program (4.1.4.9.2) goes nowhere.
bool VirtioPciFunction::pci_cfg_target(std::uint64_t& offset, unsigned& bar, std::size_t& length) const {
  const auto field = [this](std::uint8_t at) { return static_cast<std::uint16_t>(pci_cfg_capability_ + at); };
  bar = config_.read(field(kPciCfgBar), 1);
  offset = config_.read(field(kPciCfgOffset), 4);
  length = config_.read(field(kPciCfgLength), 4);
  if ((length != 1 && length != 2 && length != 4) || offset % length != 0) return false;
  const auto& bars = config_.bars();
  return std::any_of(bars.begin(), bars.end(),
                     [&](const BarInfo& info) { return info.bar == bar && offset + length <= info.size; });
}

// Bytes of a virtio capability that no driver writes.
void VirtioPciFunction::show_capability_write(std::uint16_t offset, unsigned width,
                                              std::uint32_t value) const {
  for (const std::uint8_t start : virtio_capabilities_) {
    const unsigned end = start + config_.read(static_cast<std::uint16_t>(start + 2), 1);
    if (offset < end && offset + width > start) return observer_->capability_written(offset, value);
  }
  if (offset < pci_cfg_capability_ + 4U && offset + width > pci_cfg_capability_)
    observer_->capability_written(offset, value);
}

// pci_cfg_data is accessed. A window of no length is none: whoever dumps configuration space reads that.
void VirtioPciFunction::show_window() const {
  const auto field = [this](std::uint8_t at, unsigned width) {
    return config_.read(static_cast<std::uint16_t>(pci_cfg_capability_ + at), width);
  };
  const unsigned bar = field(kPciCfgBar, 1);
  const std::uint64_t offset = field(kPciCfgOffset, 4);
  const std::uint64_t length = field(kPciCfgLength, 4);
  if (length == 0) return;
  const auto lies_in = [&](std::uint64_t start, std::uint64_t bytes) {
    return offset >= start && offset + length <= start + bytes;
  };
  const bool in_structure =
      bar == kVirtioBar &&
      (lies_in(kCommonOffset, kCommonConfigBytes) || lies_in(kIsrOffset, 1) ||
       lies_in(kDeviceConfigOffset, device_->config_bytes()) || lies_in(kNotifyOffset, notify_bytes_));
  observer_->window_used(bar, offset, length, in_structure);
}

// Applies what a write to configuration space has changed: BAR decoding, bus mastering, MSI-X control, INTA#.
void VirtioPciFunction::config_changed() {
  const bool decodes = config_.command_has(kCommandMemory);
  for (std::size_t i = 0; i < mapped_at_.size(); ++i) {
    const BarInfo& bar = config_.bars()[i];
    const std::uint64_t address = decodes ? config_.bar_address(bar) : 0;
    if (address == mapped_at_[i]) continue;
    if (mapped_at_[i] != 0) slot_.unmap_bar(bar.bar);
    if (address != 0) slot_.map_bar(bar.bar, address, bar.size);
    mapped_at_[i] = address;
  }

  const bool bus_master = config_.command_has(kCommandBusMaster);
  if (bus_master != bus_master_) {
    bus_master_ = bus_master;
    device_->set_bus_master(bus_master);
  }
  const std::uint32_t control = config_.read(static_cast<std::uint16_t>(msix_capability_ + 2), 2);
  msix_.set_control((control & kMsixEnable) != 0, (control & kMsixFunctionMask) != 0, bus_master);
  {
    const std::lock_guard intx_lock(intx_mutex_);
    intx_disabled_ = config_.command_has(kCommandIntxDisable);
    update_intx();
  }
}

}  // namespace virtcrypt::virtio::pci
