#include "virtcrypt/devices/pci/host_bridge.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace virtcrypt::devices {
namespace {

constexpr std::uint64_t kAddressPort = 0;  // offsets within the eight ports
constexpr std::uint64_t kDataPort = 4;

// CONFIG_ADDRESS: enable in bit 31, bus 23:16, device 15:11, function 10:8, register 7:2. The rest reads as
// zero.
constexpr std::uint32_t kAddressEnable = 1U << 31U;
constexpr std::uint32_t kAddressWritable = 0x80FF'FFFC;

// The bridge's own header: the ids of a host bridge without registers that every system knows and applies no
// quirks to.
constexpr std::uint32_t kBridgeIds = 0x0008'1B36;    // device, vendor
constexpr std::uint32_t kBridgeClass = 0x0600'0000;  // bridge, host; revision 0
constexpr std::uint16_t kClassRegister = 0x08;

std::uint32_t bridge_register(std::uint16_t offset) {
  if (offset == 0) return kBridgeIds;
  if (offset == kClassRegister) return kBridgeClass;
  return 0;
}

std::uint32_t all_ones(unsigned width) {
  return width == 4 ? 0xFFFF'FFFFU : (1U << (8 * width)) - 1;
}

// The widest naturally aligned access at `offset` that `left` bytes need.
unsigned next_width(std::uint16_t offset, std::size_t left) {
  if (left >= 4 && offset % 4 == 0) return 4;
  if (left >= 2 && offset % 2 == 0) return 2;
  return 1;
}

}  // namespace

// ---------------------------------------------------------------- HostBridge

void HostBridge::attach(unsigned slot, virtio::pci::Function& function) {
  assert(slot > 0 && slot < kSlots && functions_[slot] == nullptr);
  functions_.at(slot) = &function;
}

std::uint32_t HostBridge::read_register(const ConfigAddress& at, unsigned width) {
  if (at.function != 0) return all_ones(width);
  if (at.device == 0) {
    const std::uint32_t value = bridge_register(static_cast<std::uint16_t>(at.offset & ~3U));
    return (value >> (8U * (at.offset & 3U))) & all_ones(width);
  }
  virtio::pci::Function* const function = functions_.at(at.device);
  return function != nullptr ? function->config_read(at.offset, width) : all_ones(width);
}

void HostBridge::write_register(const ConfigAddress& at, unsigned width, std::uint32_t value) {
  if (at.function != 0 || functions_.at(at.device) == nullptr) return;
  functions_.at(at.device)->config_write(at.offset, width, value);
}

void HostBridge::read(const ConfigAddress& start, std::span<std::byte> data) {
  ConfigAddress at = start;
  while (!data.empty()) {
    const unsigned width = next_width(at.offset, data.size());
    const std::uint32_t value = read_register(at, width);
    std::memcpy(data.data(), &value, width);
    data = data.subspan(width);
    at.offset = static_cast<std::uint16_t>(at.offset + width);
  }
}

void HostBridge::write(const ConfigAddress& start, std::span<const std::byte> data) {
  ConfigAddress at = start;
  while (!data.empty()) {
    const unsigned width = next_width(at.offset, data.size());
    std::uint32_t value = 0;
    std::memcpy(&value, data.data(), width);
    write_register(at, width, value);
    data = data.subspan(width);
    at.offset = static_cast<std::uint16_t>(at.offset + width);
  }
}

// ---------------------------------------------------------------- ConfigPorts

bool HostBridge::ConfigPorts::selects_bus0(std::uint32_t address) const {
  return (address & kAddressEnable) != 0 && ((address >> 16U) & 0xFFU) == 0;
}

// PCI 3.0 3.2.2.3.2: only a whole doubleword reaches CONFIG_ADDRESS; anything else there is ordinary port
// I/O, and no device of this machine answers it.
void HostBridge::ConfigPorts::read(std::uint64_t offset, std::span<std::byte> data) {
  const std::uint32_t address = address_.load(std::memory_order_relaxed);
  std::fill(data.begin(), data.end(), std::byte{0xFF});
  if (offset == kAddressPort && data.size() == sizeof(address)) {
    std::memcpy(data.data(), &address, sizeof(address));
  } else if (offset >= kDataPort && selects_bus0(address)) {
    bridge_.read({.device = (address >> 11U) & 31U,
                  .function = (address >> 8U) & 7U,
                  .offset = static_cast<std::uint16_t>((address & 0xFCU) + (offset - kDataPort))},
                 data);
  }
}

void HostBridge::ConfigPorts::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (offset == kAddressPort && data.size() == sizeof(std::uint32_t)) {
    std::uint32_t address = 0;
    std::memcpy(&address, data.data(), sizeof(address));
    address_.store(address & kAddressWritable, std::memory_order_relaxed);
    return;
  }
  const std::uint32_t address = address_.load(std::memory_order_relaxed);
  if (offset < kDataPort || !selects_bus0(address)) return;
  bridge_.write({.device = (address >> 11U) & 31U,
                 .function = (address >> 8U) & 7U,
                 .offset = static_cast<std::uint16_t>((address & 0xFCU) + (offset - kDataPort))},
                data);
}

// ---------------------------------------------------------------- Ecam

namespace {

// An access that would run into the next function's 4 KiB has no meaning; PCI Express lets a host bridge
// refuse it.
bool within_one_function(std::uint64_t offset, std::size_t bytes) {
  return offset < HostBridge::kEcamBytes && (offset & 0xFFFU) + bytes <= 0x1000U;
}

}  // namespace

void HostBridge::Ecam::read(std::uint64_t offset, std::span<std::byte> data) {
  std::fill(data.begin(), data.end(), std::byte{0xFF});
  if (!within_one_function(offset, data.size())) return;
  bridge_.read({.device = static_cast<unsigned>(offset >> 15U) & 31U,
                .function = static_cast<unsigned>(offset >> 12U) & 7U,
                .offset = static_cast<std::uint16_t>(offset & 0xFFFU)},
               data);
}

void HostBridge::Ecam::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (!within_one_function(offset, data.size())) return;
  bridge_.write({.device = static_cast<unsigned>(offset >> 15U) & 31U,
                 .function = static_cast<unsigned>(offset >> 12U) & 7U,
                 .offset = static_cast<std::uint16_t>(offset & 0xFFFU)},
                data);
}

}  // namespace virtcrypt::devices
