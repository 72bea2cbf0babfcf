#include "tests/conformance/qemu_access.h"

#include <cstring>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

constexpr std::uint16_t kConfigAddress = 0xCF8, kConfigData = 0xCFC;
constexpr std::uint16_t kConfigBytes = 256;
constexpr std::uint16_t kFirstBar = 0x10;
// Between RAM and what a PC has below 4 GiB; and behind the ports of a PC.
constexpr std::uint64_t kFirstMemory = 0xE000'0000, kFirstPort = 0xC000;

unsigned checked_width(std::size_t bytes) {
  if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
    throw std::logic_error(fmt::format("an access of {} bytes", bytes));
  return static_cast<unsigned>(bytes);
}

}  // namespace

void QemuAccess::place_bars() {
  std::uint64_t memory = kFirstMemory, port = kFirstPort;
  for (const PciBar& bar : probe_bars(*this)) {
    std::uint64_t& next = bar.is_io ? port : memory;
    next = (next + bar.size - 1) / bar.size * bar.size;
    const auto offset = static_cast<std::uint16_t>(kFirstBar + 4 * bar.index);
    config_write(offset, 4, static_cast<std::uint32_t>(next));
    if (bar.is_64bit) config_write(static_cast<std::uint16_t>(offset + 4), 4, 0);
    places_[bar.index] = {.base = next, .is_io = bar.is_io};
    next += bar.size;
  }
}

const QemuAccess::Place& QemuAccess::place_of(unsigned bar) const {
  if (bar >= places_.size() || places_[bar].base == 0)
    throw std::runtime_error(fmt::format("the device has no BAR {}", bar));
  return places_[bar];
}

void QemuAccess::select(Qtest& qtest, std::uint16_t offset) const {
  constexpr std::uint32_t kEnable = 0x8000'0000;
  qtest.write_port(kConfigAddress, 4, kEnable | device_ << 11U | (offset & 0xFCU));
}

std::uint32_t QemuAccess::config_read(std::uint16_t offset, unsigned width) {
  if (offset >= kConfigBytes) return 0xFFFF'FFFF >> (32 - 8 * width);
  return qemu_.talk([&](Qtest& qtest) {
    select(qtest, offset);
    return qtest.read_port(static_cast<std::uint16_t>(kConfigData + (offset & 3U)), width);
  });
}

void QemuAccess::config_write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  if (offset >= kConfigBytes) return;
  qemu_.talk([&](Qtest& qtest) {
    select(qtest, offset);
    qtest.write_port(static_cast<std::uint16_t>(kConfigData + (offset & 3U)), width, value);
  });
}

void QemuAccess::bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  const Place& place = place_of(bar);
  const unsigned width = checked_width(data.size());
  const std::uint64_t value = qemu_.talk([&](Qtest& qtest) {
    return place.is_io ? qtest.read_port(static_cast<std::uint16_t>(place.base + offset), width)
                       : qtest.read_memory(place.base + offset, width);
  });
  std::memcpy(data.data(), &value, width);
}

void QemuAccess::bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  const Place& place = place_of(bar);
  const unsigned width = checked_width(data.size());
  std::uint64_t value = 0;
  std::memcpy(&value, data.data(), width);
  qemu_.talk([&](Qtest& qtest) {
    if (place.is_io)
      qtest.write_port(static_cast<std::uint16_t>(place.base + offset), width,
                       static_cast<std::uint32_t>(value));
    else
      qtest.write_memory(place.base + offset, width, value);
  });
}

}  // namespace virtcrypt::conformance
