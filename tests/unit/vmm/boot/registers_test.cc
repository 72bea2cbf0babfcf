#include "tests/unit/vmm/boot/boot_fixture.h"

namespace virtcrypt::vmm::boot {

TEST_CASE("Registers: 64-bit boot is long mode with 4 GiB mapped one to one", "[boot][registers]") {
  const Ram ram(2 * kMebibyte);
  kvm_sregs sregs{};
  kvm_regs regs{};
  set_boot_registers({BootState::Mode::kLong64, 0x1000200, 0x7000}, ram.memory(), sregs, regs);
  CHECK(regs.rip == 0x1000200);
  CHECK(regs.rsi == 0x7000);
  CHECK(regs.rflags == 2);  // interrupts off
  CHECK((sregs.cr0 & 0x8000'0001) == 0x8000'0001);
  CHECK((sregs.cr4 & 0x20) != 0);
  CHECK((sregs.efer & 0x500) == 0x500);
  CHECK(sregs.cs.l == 1);
  CHECK(sregs.cs.db == 0);

  // The walk that the processor does (Intel SDM volume 3, 4.5), by hand.
  const std::uint64_t address =
      GENERATE(as<std::uint64_t>(), 0, 0x1234567, 0x40000000, 0xE0000123, 0xFFFFFFFF);
  constexpr std::uint64_t kFrame = 0x000F'FFFF'FFFF'F000;
  const std::uint64_t pml4e = ram.at(sregs.cr3 + 8 * (address >> 39), 8);
  const std::uint64_t pdpte = ram.at((pml4e & kFrame) + 8 * (address >> 30 & 511), 8);
  const std::uint64_t pde = ram.at((pdpte & kFrame) + 8 * (address >> 21 & 511), 8);
  CHECK((pml4e & 3) == 3);
  CHECK((pdpte & 0x83) == 3);
  CHECK((pde & 0x83) == 0x83);
  CHECK((pde & kFrame) + (address & 0x1FFFFF) == address);
}

// The values that Linux's own GDTs use for flat 4 GiB segments (GDT_ENTRY(0xA09B/0xC093, 0, 0xFFFFF)).
TEST_CASE("Registers: descriptors in memory agree with the loaded segments", "[boot][registers]") {
  const Ram ram(2 * kMebibyte);
  kvm_sregs sregs{};
  kvm_regs regs{};
  set_boot_registers({BootState::Mode::kLong64, 0x1000200, 0x7000}, ram.memory(), sregs, regs);
  CHECK(sregs.cs.selector == 0x10);
  CHECK(sregs.ds.selector == 0x18);
  CHECK(ram.at(sregs.gdt.base + 0x10, 8) == 0x00AF'9B00'0000'FFFF);
  CHECK(ram.at(sregs.gdt.base + 0x18, 8) == 0x00CF'9300'0000'FFFF);
  CHECK(sregs.gdt.limit >= 0x1F);
}

TEST_CASE("Registers: PVH is flat 32-bit protected mode without paging", "[boot][registers]") {
  const Ram ram(2 * kMebibyte);
  kvm_sregs sregs{};
  sregs.efer = 0xD01;
  sregs.cr4 = 0x20;
  kvm_regs regs{};
  set_boot_registers({BootState::Mode::kProtected32, 0x200010, 0x7000}, ram.memory(), sregs, regs);
  CHECK(regs.rip == 0x200010);
  CHECK(regs.rbx == 0x7000);
  CHECK(regs.rflags == 2);
  CHECK((sregs.cr0 & 0x8000'0001) == 1);
  CHECK(sregs.cr4 == 0);
  CHECK(sregs.efer == 0);
  CHECK(sregs.cs.db == 1);
  CHECK(sregs.cs.l == 0);
  CHECK(sregs.cs.base == 0);
  CHECK(sregs.cs.limit == 0xFFFFFFFF);
  CHECK(sregs.tr.type == 0xB);
}

}  // namespace virtcrypt::vmm::boot
