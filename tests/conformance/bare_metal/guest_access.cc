#include "tests/conformance/bare_metal/guest_access.h"

#include <cstring>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/devices/pci/host_bridge.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::conformance {
namespace {

using guest::Order;
namespace layout = vmm::layout;

constexpr std::uint16_t kPortsReach = 256;
constexpr std::uint16_t kFirstBar = 0x10;
constexpr std::uint32_t kNobody = 0xFFFF'FFFF;

unsigned checked_width(std::size_t bytes) {
  if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
    throw std::logic_error(fmt::format("an access of {} bytes", bytes));
  return static_cast<unsigned>(bytes);
}

std::string describe(std::string_view access, unsigned width, std::uint64_t offset, std::string_view place) {
  return fmt::format("{} {} bytes at {:#x} of {}", access, width, offset, place);
}

}  // namespace

GuestAccess::GuestAccess(AgentLink& link) : link_(link) {
  do {
    if (++slot_ == devices::HostBridge::kSlots)
      throw std::runtime_error("the guest finds no device on its PCI bus");
  } while (config_read(0, 4) == kNobody);
  find_bars();
}

void GuestAccess::find_bars() {
  for (unsigned bar = 0; bar < bars_.size(); ++bar) {
    const auto offset = static_cast<std::uint16_t>(kFirstBar + 4 * bar);
    const std::uint32_t low = config_read(offset, 4);
    const bool is_io = (low & 1) != 0, is_64bit = (low & 7) == 4;
    if (low == 0 || is_io) continue;
    bars_[bar] = low & ~15U;
    if (is_64bit)
      *bars_[bar++] |= std::uint64_t{config_read(static_cast<std::uint16_t>(offset + 4), 4)} << 32;
  }
}

bool GuestAccess::is_turn_of_ports(std::uint16_t offset, unsigned width) {
  if (offset >= kPortsReach || offset % 4 + width > 4) return false;
  ports_were_last_ = !ports_were_last_;
  return ports_were_last_;
}

void GuestAccess::select(std::uint16_t offset, const std::string& what) {
  constexpr std::uint32_t kEnable = 0x8000'0000;
  link_.carry_out(Order::kWritePort, layout::kPciConfigAddress, 4, kEnable | slot_ << 11U | (offset & 0xFCU),
                  what);
}

std::uint64_t GuestAccess::ecam_address(std::uint16_t offset) const {
  return layout::kEcamBase + (std::uint64_t{slot_} << 15U) + offset;
}

std::uint32_t GuestAccess::config_read(std::uint16_t offset, unsigned width) {
  std::uint64_t value = 0;
  if (is_turn_of_ports(offset, width)) {
    const std::string what = describe("a read of", width, offset, "configuration space, by port");
    select(offset, what);
    value = link_.carry_out(Order::kReadPort, layout::kPciConfigData + offset % 4U, width, 0, what);
  } else {
    value = link_.carry_out(Order::kReadMemory, ecam_address(offset), width, 0,
                            describe("a read of", width, offset, "configuration space, by ECAM"));
  }
  return static_cast<std::uint32_t>(value);
}

void GuestAccess::config_write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  if (is_turn_of_ports(offset, width)) {
    const std::string what = describe("a write of", width, offset, "configuration space, by port");
    select(offset, what);
    link_.carry_out(Order::kWritePort, layout::kPciConfigData + offset % 4U, width, value, what);
  } else {
    link_.carry_out(Order::kWriteMemory, ecam_address(offset), width, value,
                    describe("a write of", width, offset, "configuration space, by ECAM"));
  }
}

std::uint64_t GuestAccess::bar_address(unsigned bar) const {
  if (bar >= bars_.size() || !bars_[bar])
    throw std::runtime_error(fmt::format("the device has no BAR {} in memory", bar));
  return *bars_[bar];
}

void GuestAccess::bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  const unsigned width = checked_width(data.size());
  const std::uint64_t value =
      link_.carry_out(Order::kReadMemory, bar_address(bar) + offset, width, 0,
                      describe("a read of", width, offset, fmt::format("BAR {}", bar)));
  std::memcpy(data.data(), &value, width);
}

void GuestAccess::bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  const unsigned width = checked_width(data.size());
  std::uint64_t value = 0;
  std::memcpy(&value, data.data(), width);
  link_.carry_out(Order::kWriteMemory, bar_address(bar) + offset, width, value,
                  describe("a write of", width, offset, fmt::format("BAR {}", bar)));
}

}  // namespace virtcrypt::conformance
