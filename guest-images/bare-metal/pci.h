// PCI configuration space, through both mechanisms of the machine.
#pragma once

#include <cstdint>

namespace virtcrypt::guest {

constexpr unsigned kSlots = 32;

// A dword through mechanism #1 (ports 0xCF8 and 0xCFC), function 0 of a slot on bus 0.
[[nodiscard]] std::uint32_t read_config_ports(unsigned slot, std::uint16_t offset);
void write_config_ports(unsigned slot, std::uint16_t offset, std::uint32_t value);

// Any width through ECAM.
[[nodiscard]] std::uint64_t ecam(unsigned slot, std::uint16_t offset);

// Registers of a type 0 header (PCI 3.0, 6.1).
constexpr std::uint16_t kPciId = 0x00;
constexpr std::uint16_t kPciCommand = 0x04;
constexpr std::uint16_t kPciBar0 = 0x10;
constexpr std::uint16_t kPciCapabilities = 0x34;
constexpr std::uint16_t kPciInterruptLine = 0x3C;
constexpr std::uint16_t kCommandMemory = 1 << 1;
constexpr std::uint16_t kCommandBusMaster = 1 << 2;
constexpr std::uint16_t kCommandIntxDisable = 1 << 10;

}  // namespace virtcrypt::guest
