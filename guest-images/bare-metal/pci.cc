#include "pci.h"

#include "cpu.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint16_t kAddressPort = 0xCF8;
constexpr std::uint16_t kDataPort = 0xCFC;
constexpr std::uint64_t kEcamBase = 0xE000'0000;

void select(unsigned slot, std::uint16_t offset) {
  out32(kAddressPort, 0x8000'0000U | slot << 11 | (offset & 0xFCU));
}

}  // namespace

std::uint32_t read_config_ports(unsigned slot, std::uint16_t offset) {
  select(slot, offset);
  return in32(kDataPort);
}

void write_config_ports(unsigned slot, std::uint16_t offset, std::uint32_t value) {
  select(slot, offset);
  out32(kDataPort, value);
}

std::uint64_t ecam(unsigned slot, std::uint16_t offset) {
  return kEcamBase + (std::uint64_t{slot} << 15) + offset;
}

}  // namespace virtcrypt::guest
