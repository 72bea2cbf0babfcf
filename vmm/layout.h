// The machine's fixed addresses. docs/machine.md shows the same map to users.
#pragma once

#include <cstdint>

namespace virtcrypt::vmm::layout {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

// Guest-physical memory
//
//   0                         RAM: up to 3 GiB
//   0xC000_0000 (3 GiB)       PCI memory window, 32-bit BARs        512 MiB
//   0xE000_0000               ECAM of bus 0                          1 MiB
//   0xFEC0_0000               IOAPIC
//   0xFEE0_0000               local APIC
//   0xFFFB_C000               KVM identity map page and TSS          4 pages
//   0x1_0000_0000 (4 GiB)     RAM: the rest
//   0x40_0000_0000 (256 GiB)  PCI memory window, 64-bit BARs        32 GiB
constexpr std::uint64_t kLowRamLimit = 3 * kGiB;
constexpr std::uint64_t kPciWindow32Base = 0xC000'0000;
constexpr std::uint64_t kPciWindow32Size = 512 * kMiB;
constexpr std::uint64_t kEcamBase = 0xE000'0000;
constexpr std::uint64_t kEcamSize = 1 * kMiB;
constexpr std::uint64_t kIoApicBase = 0xFEC0'0000;
constexpr std::uint64_t kLocalApicBase = 0xFEE0'0000;
constexpr std::uint64_t kIdentityMapPage = 0xFFFB'C000;
constexpr std::uint64_t kTssPages = 0xFFFB'D000;
constexpr std::uint64_t kHighRamBase = 4 * kGiB;
constexpr std::uint64_t kPciWindow64Base = 256 * kGiB;
constexpr std::uint64_t kPciWindow64Size = 32 * kGiB;
constexpr std::uint64_t kMaxRam = kPciWindow64Base - kGiB;

// Low memory that the loader uses; all of it is free again once the guest has read it.
constexpr std::uint64_t kBootParams = 0x7000;   // Linux zero page, or PVH start info
constexpr std::uint64_t kBootGdt = 0x6000;
constexpr std::uint64_t kBootStackTop = 0x8FF0;
constexpr std::uint64_t kBootPageTables = 0x9000;  // PML4, PDPT, 4 page directories: identity map of 4 GiB
constexpr std::uint64_t kCommandLine = 0x2'0000;
constexpr std::uint64_t kCommandLineMax = 0x1'0000;
constexpr std::uint64_t kEbdaStart = 0x9'FC00;   // end of usable low memory
constexpr std::uint64_t kAcpiTables = 0xE'0000;  // RSDP first, then the tables, up to 1 MiB
constexpr std::uint64_t kHighMemory = 0x10'0000; // kernels are loaded from here on

// Ports
constexpr std::uint16_t kI8042CommandPort = 0x64;  // writing 0xFE resets, as on every PC
constexpr std::uint16_t kSerialBase = 0x3F8;       // COM1, 8 ports
constexpr std::uint16_t kPm1aEventBase = 0x600;    // 4 ports
constexpr std::uint16_t kPm1aControlBase = 0x604;  // 2 ports; SLP_EN with SLP_TYP 5 powers off
constexpr std::uint16_t kResetPort = 0x608;        // FADT reset register; writing 0x06 resets
constexpr std::uint16_t kPciConfigAddress = 0xCF8;
constexpr std::uint16_t kPciConfigData = 0xCFC;

constexpr unsigned kSleepTypeSoftOff = 5;
constexpr std::uint8_t kResetValue = 0x06;

// Global system interrupts
constexpr std::uint32_t kSerialGsi = 4;
constexpr std::uint32_t kSciGsi = 9;
constexpr std::uint32_t kIntxGsiBase = 16;  // INTA# of slot n: kIntxGsiBase + n % kIntxGsiCount
constexpr std::uint32_t kIntxGsiCount = 4;
constexpr std::uint32_t kMsiGsiBase = 24;   // behind the IOAPIC's pins

}  // namespace virtcrypt::vmm::layout
