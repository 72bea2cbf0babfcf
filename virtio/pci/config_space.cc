#include "virtcrypt/virtio/pci/config_space.h"

#include <bit>
#include <cassert>

namespace virtcrypt::virtio::pci {
namespace {

constexpr std::uint16_t kStatusCapabilitiesList = 1 << 4;
constexpr std::uint32_t kBarMemory64 = 0b100;

}  // namespace

ConfigSpace::ConfigSpace(const Identity& identity) {
  set(0x00, 2, identity.vendor_id);
  set(0x02, 2, identity.device_id);
  set(0x08, 1, identity.revision_id);
  set(0x09, 1, identity.class_code & 0xFF);
  set(0x0A, 2, identity.class_code >> 8);
  set(0x2C, 2, identity.subsystem_vendor_id);
  set(0x2E, 2, identity.subsystem_id);
  set(kInterruptPin, 1, 1);  // INTA#

  // Memory space, bus master, parity error response, SERR# enable, interrupt disable. There are no I/O BARs.
  writable_[kCommandRegister] = 0x46;
  writable_[kCommandRegister + 1] = 0x05;
  writable_[0x0C] = 0xFF;  // cache line size
  writable_[0x0D] = 0xFF;  // latency timer
  writable_[kInterruptLine] = 0xFF;
}

void ConfigSpace::add_memory_bar(unsigned bar, std::uint64_t size, bool is_64bit) {
  assert(std::has_single_bit(size) && size >= 16 && bar + (is_64bit ? 1 : 0) < 6);
  const auto offset = static_cast<std::uint16_t>(kBarRegisters + 4 * bar);
  const std::uint64_t address_bits = ~(size - 1);
  for (unsigned i = 0; i < (is_64bit ? 8U : 4U); ++i) {
    writable_[offset + i] = static_cast<std::uint8_t>(address_bits >> (8 * i));
  }
  if (is_64bit) set(offset, 4, kBarMemory64);
  bars_.push_back({bar, size, is_64bit});
}

std::uint8_t ConfigSpace::add_capability(std::uint8_t id, std::span<const std::byte> body,
                                         std::initializer_list<WritableByte> writable) {
  const std::uint8_t offset = next_capability_;
  assert(offset + 2 + body.size() <= 0x100);
  set(last_link_, 1, offset);
  set(offset, 1, id);
  last_link_ = static_cast<std::uint16_t>(offset + 1);
  for (std::size_t i = 0; i < body.size(); ++i) {
    values_[offset + 2 + i] = std::to_integer<std::uint8_t>(body[i]);
  }
  for (const WritableByte& byte : writable)
    writable_[static_cast<std::size_t>(offset) + byte.offset] = byte.mask;
  set(kStatusRegister, 2, read(kStatusRegister, 2) | kStatusCapabilitiesList);
  // Capabilities are dword aligned (PCI 3.0, 6.7).
  next_capability_ = static_cast<std::uint8_t>((offset + 2 + body.size() + 3) & ~std::size_t{3});
  return offset;
}

std::uint32_t ConfigSpace::read(std::uint16_t offset, unsigned width) const {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < width; ++i)
    value |= std::uint32_t{values_[offset + i]} << (8 * i);
  return value;
}

void ConfigSpace::write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  for (unsigned i = 0; i < width; ++i) {
    const std::uint8_t mask = writable_[offset + i];
    const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
    values_[offset + i] = static_cast<std::uint8_t>((values_[offset + i] & ~mask) | (byte & mask));
  }
}

void ConfigSpace::set(std::uint16_t offset, unsigned width, std::uint32_t value) {
  for (unsigned i = 0; i < width; ++i)
    values_[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t ConfigSpace::bar_address(const Function::BarInfo& bar) const {
  const auto offset = static_cast<std::uint16_t>(kBarRegisters + 4 * bar.bar);
  std::uint64_t address = read(offset, 4) & ~std::uint32_t{0xF};
  if (bar.is_64bit) address |= std::uint64_t{read(static_cast<std::uint16_t>(offset + 4), 4)} << 32;
  return address;
}

}  // namespace virtcrypt::virtio::pci
