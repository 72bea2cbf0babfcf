#include "virtcrypt/vmm/boot/acpi.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "virtcrypt/vmm/boot/memory_map.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::boot {

namespace {

#include "dsdt.hex"  // dsdt_aml_code, written by iasl

constexpr std::string_view kOemId = "VIRTCR";
constexpr std::string_view kOemTableId = "VIRTCRYP";
constexpr std::string_view kCreator = "VCRY";
constexpr std::size_t kChecksumOffset = 9;

// The bytes of one table, little-endian, written in the order of the specification.
class TableBytes {
 public:
  void u8(std::uint64_t value) { integer(value, 1); }
  void u16(std::uint64_t value) { integer(value, 2); }
  void u32(std::uint64_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  void text(std::string_view value) {
    for (const char c : value)
      bytes_.push_back(static_cast<std::byte>(c));
  }
  void zeros(std::size_t count) { bytes_.insert(bytes_.end(), count, std::byte{0}); }

  // Makes bytes [0, covered) sum to 0 through the byte at `offset`.
  void set_checksum(std::size_t offset, std::size_t covered) {
    bytes_[offset] = std::byte{0};
    const auto sum =
        std::accumulate(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(covered), 0U,
                        [](unsigned total, std::byte b) { return total + std::to_integer<unsigned>(b); });
    bytes_[offset] = static_cast<std::byte>(0U - sum);
  }

  // Header of every system description table (ACPI 6.4, 5.2.6); length and checksum come with finish().
  void header(std::string_view signature, std::uint8_t revision) {
    text(signature);
    u32(0);
    u8(revision);
    u8(0);
    text(kOemId);
    text(kOemTableId);
    u32(1);
    text(kCreator);
    u32(1);
  }

  std::vector<std::byte> finish() {
    for (std::size_t i = 0; i < 4; ++i)
      bytes_[4 + i] = static_cast<std::byte>(bytes_.size() >> (8 * i));
    set_checksum(kChecksumOffset, bytes_.size());
    return std::move(bytes_);
  }

  std::vector<std::byte> finish_without_header() { return std::move(bytes_); }

 private:
  void integer(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
      bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }

  std::vector<std::byte> bytes_;
};

// Generic address structure (5.2.3.2) of a port.
void port_address(TableBytes& table, std::uint16_t port, std::uint8_t bits, std::uint8_t access_size) {
  constexpr std::uint8_t kSystemIo = 1;
  table.u8(kSystemIo);
  table.u8(bits);
  table.u8(0);
  table.u8(access_size);
  table.u64(port);
}

void no_address(TableBytes& table) {
  table.zeros(12);
}

// FACS (5.2.10): there is no firmware to wake up to and no global lock owner; the table has to exist.
std::vector<std::byte> facs() {
  constexpr std::size_t kFacsBytes = 64;
  TableBytes table;
  table.text("FACS");
  table.u32(kFacsBytes);
  table.zeros(24);  // hardware signature, waking vectors, global lock, flags
  table.u8(2);      // version
  table.zeros(kFacsBytes - 33);
  return table.finish_without_header();
}

// FADT (5.2.9) of a machine that is always in ACPI mode: no SMI command port, no timer, no general purpose
// events.
std::vector<std::byte> fadt(std::uint64_t facs_address, std::uint64_t dsdt_address) {
  constexpr std::uint8_t kEventBytes = 4;
  constexpr std::uint8_t kControlBytes = 2;
  constexpr std::uint8_t kByteAccess = 1;
  constexpr std::uint8_t kWordAccess = 2;
  // 5.2.9.3: no VGA, no CMOS clock, and (bit 1 clear) no 8042 to wait for.
  constexpr std::uint16_t kNoVga = 1U << 2;
  constexpr std::uint16_t kNoCmosClock = 1U << 5;
  // WBINVD works, C1 on all processors, no fixed power and sleep buttons, no fixed clock, reset register
  // present.
  constexpr std::uint32_t kFlags = 1U << 0 | 1U << 2 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 10;
  constexpr std::uint16_t kNoLatency = 0xFFFF;  // C2 and C3 do not exist

  TableBytes table;
  table.header("FACP", 6);
  table.u32(facs_address);
  table.u32(dsdt_address);
  table.u8(0);  // reserved
  table.u8(0);  // preferred profile: unspecified
  table.u16(layout::kSciGsi);
  table.u32(0);    // SMI command port
  table.zeros(4);  // ACPI enable and disable, S4BIOS, P-state control
  table.u32(layout::kPm1aEventBase);
  table.u32(0);  // PM1b event
  table.u32(layout::kPm1aControlBase);
  table.u32(0);     // PM1b control
  table.zeros(16);  // PM2 control, PM timer, GPE0, GPE1
  table.u8(kEventBytes);
  table.u8(kControlBytes);
  table.zeros(6);  // lengths of PM2 control, PM timer, GPE0 and GPE1; GPE1 base; C-state control
  table.u16(kNoLatency);
  table.u16(kNoLatency);
  table.zeros(9);  // cache flush size and stride, duty cycle, day and month alarm, century
  table.u16(kNoVga | kNoCmosClock);
  table.u8(0);
  table.u32(kFlags);
  port_address(table, layout::kResetPort, 8, kByteAccess);
  table.u8(layout::kResetValue);
  table.u16(0);  // ARM boot flags
  table.u8(4);   // minor revision
  table.u64(0);  // 64-bit FACS address: the 32-bit one counts
  table.u64(dsdt_address);
  port_address(table, layout::kPm1aEventBase, 8 * kEventBytes, kWordAccess);
  no_address(table);
  port_address(table, layout::kPm1aControlBase, 8 * kControlBytes, kWordAccess);
  for (int i = 0; i < 7; ++i)
    no_address(table);  // PM1b, PM2, timer, GPE0, GPE1, sleep control and status
  table.zeros(8);       // hypervisor vendor
  return table.finish();
}

// MADT (5.2.12): local APICs, the IOAPIC, and how ISA interrupts reach it.
std::vector<std::byte> madt(unsigned cpus) {
  constexpr std::uint32_t kPcAtCompatible = 1;  // two 8259s are there as well
  constexpr std::uint16_t kConforming = 0;
  constexpr std::uint16_t kLevelActiveHigh = 0xD;
  TableBytes table;
  table.header("APIC", 5);
  table.u32(layout::kLocalApicBase);
  table.u32(kPcAtCompatible);
  for (unsigned id = 0; id < cpus; ++id) {
    table.u8(0);  // processor local APIC
    table.u8(8);
    table.u8(id);
    table.u8(id);
    table.u32(1);  // enabled
  }
  table.u8(1);  // IOAPIC
  table.u8(12);
  table.u8(0);
  table.u8(0);
  table.u32(layout::kIoApicBase);
  table.u32(0);  // its first GSI
  const auto isa_override = [&table](std::uint8_t irq, std::uint32_t gsi, std::uint16_t flags) {
    table.u8(2);
    table.u8(10);
    table.u8(0);  // bus ISA
    table.u8(irq);
    table.u32(gsi);
    table.u16(flags);
  };
  isa_override(0, 2, kConforming);  // KVM's routing has the timer on pin 2
  isa_override(layout::kSciGsi, layout::kSciGsi, kLevelActiveHigh);
  table.u8(4);  // NMI: LINT1 of every local APIC
  table.u8(6);
  table.u8(0xFF);
  table.u16(kConforming);
  table.u8(1);
  return table.finish();
}

// MCFG (PCI Firmware Specification 3.3, 4.1.2): ECAM of segment 0, as many buses as its window holds.
std::vector<std::byte> mcfg() {
  constexpr std::uint64_t kBytesPerBus = layout::kMiB;
  TableBytes table;
  table.header("MCFG", 1);
  table.zeros(8);
  table.u64(layout::kEcamBase);
  table.u16(0);
  table.u8(0);
  table.u8(layout::kEcamSize / kBytesPerBus - 1);
  table.zeros(4);
  return table.finish();
}

std::vector<std::byte> xsdt(std::span<const std::uint64_t> tables) {
  TableBytes table;
  table.header("XSDT", 1);
  for (const std::uint64_t address : tables)
    table.u64(address);
  return table.finish();
}

// RSDP (5.2.5.3): revision 2, with two checksums. It has no RSDT, which only revision 0 needs.
std::vector<std::byte> rsdp(std::uint64_t xsdt_address) {
  constexpr std::size_t kFirstPart = 20;
  constexpr std::size_t kWhole = 36;
  constexpr std::size_t kFirstChecksum = 8;
  constexpr std::size_t kWholeChecksum = 32;
  TableBytes table;
  table.text("RSD PTR ");
  table.u8(0);
  table.text(kOemId);
  table.u8(2);
  table.u32(0);
  table.u32(kWhole);
  table.u64(xsdt_address);
  table.zeros(4);
  table.set_checksum(kFirstChecksum, kFirstPart);
  table.set_checksum(kWholeChecksum, kWhole);
  return table.finish_without_header();
}

// Puts tables one after the other; the FACS demands 64-byte alignment and the others do not mind it.
class TableArea {
 public:
  explicit TableArea(const virtio::GuestMemory& memory) : memory_(memory) {}

  std::uint64_t place(std::span<const std::byte> table) {
    constexpr std::uint64_t kAlignment = 64;
    const std::uint64_t address = next_;
    write_ram(memory_, address, table);
    next_ = (address + table.size() + kAlignment - 1) / kAlignment * kAlignment;
    return address;
  }

 private:
  const virtio::GuestMemory& memory_;
  std::uint64_t next_ = layout::kAcpiTables + 64;  // behind the RSDP
};

}  // namespace

virtio::GuestAddress write_acpi_tables(unsigned cpus, const virtio::GuestMemory& memory) {
  TableArea area(memory);
  const std::uint64_t facs_address = area.place(facs());
  const std::uint64_t dsdt_address = area.place(std::as_bytes(std::span(dsdt_aml_code)));
  const std::uint64_t fadt_address = area.place(fadt(facs_address, dsdt_address));
  const std::uint64_t madt_address = area.place(madt(cpus));
  const std::uint64_t mcfg_address = area.place(mcfg());
  const std::uint64_t addresses[] = {fadt_address, madt_address, mcfg_address};
  const std::uint64_t xsdt_address = area.place(xsdt(addresses));
  write_ram(memory, layout::kAcpiTables, rsdp(xsdt_address));
  return virtio::GuestAddress{layout::kAcpiTables};
}

}  // namespace virtcrypt::vmm::boot
