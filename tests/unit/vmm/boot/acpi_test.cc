// Tables are found and read here as an operating system does it: from the RSDP on, by the offsets of
// ACPI 6.4.
#include "virtcrypt/vmm/boot/acpi.h"

#include <map>

#include "tests/unit/vmm/boot/boot_fixture.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::boot {

namespace {

class Tables {
 public:
  explicit Tables(unsigned cpus)
      : ram_(2 * kMebibyte), rsdp_(virtio::to_integer(write_acpi_tables(cpus, ram_.memory()))) {
    const std::size_t xsdt = at(rsdp_ + 24, 8);
    for (std::size_t offset = 36; offset < at(xsdt + 4, 4); offset += 8)
      add(at(xsdt + offset, 8));
    add(xsdt);
    add(at(address("FACP") + 140, 8));
  }

  [[nodiscard]] std::uint64_t at(std::size_t where, unsigned size) const { return ram_.at(where, size); }
  [[nodiscard]] std::size_t rsdp() const { return rsdp_; }
  [[nodiscard]] std::size_t address(const std::string& signature) const { return tables_.at(signature); }
  [[nodiscard]] const std::map<std::string, std::size_t>& all() const { return tables_; }
  [[nodiscard]] unsigned sum(std::size_t where, std::size_t count) const {
    unsigned total = 0;
    for (std::size_t i = 0; i < count; ++i)
      total += static_cast<unsigned>(at(where + i, 1));
    return total & 0xFF;
  }
  // Whether the table holds these bytes somewhere.
  [[nodiscard]] bool contains(const std::string& signature, const Bytes& wanted) const {
    const std::size_t table = address(signature);
    for (std::size_t i = 0; i + wanted.size() <= at(table + 4, 4); ++i) {
      std::size_t same = 0;
      while (same < wanted.size() && at(table + i + same, 1) == std::to_integer<unsigned>(wanted[same]))
        ++same;
      if (same == wanted.size()) return true;
    }
    return false;
  }

 private:
  void add(std::size_t table) {
    std::string signature;
    for (std::size_t i = 0; i < 4; ++i)
      signature += static_cast<char>(at(table + i, 1));
    tables_[signature] = table;
  }

  Ram ram_;
  std::size_t rsdp_;
  std::map<std::string, std::size_t> tables_;
};

// Address space descriptor of 4 or 8 bytes (6.4.3.5): tag, length, memory, producer with fixed bounds,
// non-cacheable read-write, then granularity, minimum, maximum, translation and length.
Bytes window(std::uint64_t base, std::uint64_t size, unsigned width) {
  Bytes bytes;
  put(bytes, 0, width == 4 ? 0x87 : 0x8A, 1);
  put(bytes, 1, 3 + 5 * width, 2);
  put(bytes, 3, 0, 1);
  put(bytes, 4, 0x0C, 1);
  put(bytes, 5, 1, 1);
  put(bytes, 6, 0, width);
  put(bytes, 6 + width, base, width);
  put(bytes, 6 + 2 * width, base + size - 1, width);
  put(bytes, 6 + 3 * width, 0, width);
  put(bytes, 6 + 4 * width, size, width);
  return bytes;
}

// I/O port descriptor (6.4.2.5), 16 bits decoded.
Bytes ports(std::uint16_t base, std::uint8_t count) {
  Bytes bytes;
  put(bytes, 0, 0x0147, 2);
  put(bytes, 2, base, 2);
  put(bytes, 4, base, 2);
  put(bytes, 6, 1, 1);
  put(bytes, 7, count, 1);
  return bytes;
}

}  // namespace

TEST_CASE("ACPI: RSDP and every table sum to zero", "[boot][acpi]") {
  const Tables tables(2);
  CHECK(tables.at(tables.rsdp(), 8) == 0x2052'5450'2044'5352);  // "RSD PTR "
  CHECK(tables.at(tables.rsdp() + 15, 1) == 2);
  CHECK(tables.sum(tables.rsdp(), 20) == 0);
  CHECK(tables.sum(tables.rsdp(), 36) == 0);
  CHECK(tables.all().size() == 5);
  for (const auto& [signature, address] : tables.all()) {
    INFO(signature);
    CHECK(tables.sum(address, tables.at(address + 4, 4)) == 0);
    CHECK(address + tables.at(address + 4, 4) <= layout::kHighMemory);
  }
}

TEST_CASE("ACPI: FADT has the machine's power, reset and interrupt", "[boot][acpi]") {
  const Tables tables(1);
  const std::size_t fadt = tables.address("FACP");
  CHECK(tables.at(fadt + 4, 4) == 276);
  CHECK(tables.at(fadt + 8, 1) == 6);
  CHECK(tables.at(fadt + 46, 2) == layout::kSciGsi);
  CHECK(tables.at(fadt + 48, 4) == 0);
  CHECK(tables.at(fadt + 56, 4) == layout::kPm1aEventBase);
  CHECK(tables.at(fadt + 64, 4) == layout::kPm1aControlBase);
  CHECK(tables.at(fadt + 88, 1) == 4);
  CHECK(tables.at(fadt + 89, 1) == 2);
  CHECK(tables.at(fadt + 109, 2) == 0x24);  // no VGA, no CMOS clock
  CHECK((tables.at(fadt + 112, 4) & 1U << 10) != 0);
  CHECK((tables.at(fadt + 112, 4) & 1U << 20) == 0);  // not hardware-reduced
  CHECK(tables.at(fadt + 116, 1) == 1);
  CHECK(tables.at(fadt + 120, 8) == layout::kResetPort);
  CHECK(tables.at(fadt + 128, 1) == layout::kResetValue);
  CHECK(tables.at(fadt + 131, 1) == 4);
  CHECK(tables.at(fadt + 152, 8) == layout::kPm1aEventBase);
  CHECK(tables.at(fadt + 176, 8) == layout::kPm1aControlBase);
  const std::size_t facs = tables.at(fadt + 36, 4);
  CHECK(tables.at(facs, 4) == 0x53434146);  // "FACS"
  CHECK(facs % 64 == 0);
  CHECK(tables.at(facs + 4, 4) == 64);
  CHECK(tables.at(fadt + 40, 4) == tables.address("DSDT"));
}

TEST_CASE("ACPI: MADT lists each processor, the IOAPIC and the overrides", "[boot][acpi]") {
  const unsigned cpus = GENERATE(1U, 2U, 255U);
  const Tables tables(cpus);
  const std::size_t madt = tables.address("APIC");
  CHECK(tables.at(madt + 36, 4) == layout::kLocalApicBase);
  std::vector<std::uint64_t> kinds;
  std::size_t entry = madt + 44;
  for (; entry < madt + tables.at(madt + 4, 4); entry += tables.at(entry + 1, 1)) {
    REQUIRE(tables.at(entry + 1, 1) >= 6);
    kinds.push_back(tables.at(entry, 1));
    if (tables.at(entry, 1) == 0) CHECK(tables.at(entry + 3, 1) == kinds.size() - 1);
    if (tables.at(entry, 1) == 1) CHECK(tables.at(entry + 4, 8) == layout::kIoApicBase);
  }
  CHECK(entry == madt + tables.at(madt + 4, 4));
  std::vector<std::uint64_t> expected(cpus, 0);
  expected.insert(expected.end(), {1, 2, 2, 4});
  CHECK(kinds == expected);
}

TEST_CASE("ACPI: MCFG covers bus 0 at the ECAM's address", "[boot][acpi]") {
  const Tables tables(1);
  const std::size_t mcfg = tables.address("MCFG");
  CHECK(tables.at(mcfg + 44, 8) == layout::kEcamBase);
  CHECK(tables.at(mcfg + 54, 1) == 0);
  CHECK(tables.at(mcfg + 55, 1) == 0);
  CHECK(tables.at(mcfg + 4, 4) == 60);
}

TEST_CASE("ACPI: DSDT describes the windows and ports of the machine's layout", "[boot][acpi]") {
  const Tables tables(1);
  CHECK(tables.contains("DSDT", window(layout::kPciWindow32Base, layout::kPciWindow32Size, 4)));
  CHECK(tables.contains("DSDT", window(layout::kPciWindow64Base, layout::kPciWindow64Size, 8)));
  CHECK(tables.contains("DSDT", ports(layout::kPciConfigAddress, 8)));
  CHECK(tables.contains("DSDT", ports(layout::kSerialBase, 8)));
  CHECK(tables.contains("DSDT",
                        ports(layout::kPm1aEventBase, layout::kResetPort + 1 - layout::kPm1aEventBase)));
  Bytes ecam;  // fixed 32-bit memory (6.4.3.4), writable
  put(ecam, 0, 0x86, 1);
  put(ecam, 1, 9, 2);
  put(ecam, 3, 1, 1);
  put(ecam, 4, layout::kEcamBase, 4);
  put(ecam, 8, layout::kEcamSize, 4);
  CHECK(tables.contains("DSDT", ecam));
  Bytes serial_irq;  // interrupt mask without flags (6.4.2.1)
  put(serial_irq, 0, 0x22, 1);
  put(serial_irq, 1, 1U << layout::kSerialGsi, 2);
  CHECK(tables.contains("DSDT", serial_irq));
}

}  // namespace virtcrypt::vmm::boot
