// The boot processor's registers at the kernel's first instruction.
#include <array>
#include <cstdint>

#include <linux/kvm.h>

#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/boot/memory_map.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::boot {

namespace {

// Selectors of the Linux boot protocol (__BOOT_CS, __BOOT_DS), and the task register, which VMX wants usable.
constexpr std::uint16_t kCodeSelector = 0x10;
constexpr std::uint16_t kDataSelector = 0x18;
constexpr std::uint16_t kTaskSelector = 0x20;

constexpr std::uint8_t kTypeCode = 0xB;  // execute, read, accessed
constexpr std::uint8_t kTypeData = 0x3;  // read, write, accessed
constexpr std::uint8_t kTypeBusyTss = 0xB;
constexpr std::uint32_t kTssLimit = 0x67;

constexpr std::uint64_t kCr0ProtectedMode = 1U << 0;
constexpr std::uint64_t kCr0ExtensionType = 1U << 4;
constexpr std::uint64_t kCr0Paging = 1U << 31;
constexpr std::uint64_t kCr4PhysicalAddressExtension = 1U << 5;
constexpr std::uint64_t kEferLongModeEnable = 1U << 8;
constexpr std::uint64_t kEferLongModeActive = 1U << 10;
constexpr std::uint64_t kRflagsReserved = 1U << 1;  // always one

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kPresentWritable = 0x3;
constexpr std::uint64_t kLargePage = 1U << 7;
constexpr std::size_t kEntries = 512;
constexpr std::size_t kDirectories = 4;  // 1 GiB each

kvm_segment flat_segment(std::uint16_t selector, std::uint8_t type, bool is_64bit_code) {
  kvm_segment segment{};
  segment.limit = 0xFFFF'FFFF;
  segment.selector = selector;
  segment.type = type;
  segment.present = 1;
  segment.s = 1;
  segment.g = 1;
  segment.l = is_64bit_code ? 1 : 0;
  segment.db = is_64bit_code ? 0 : 1;
  return segment;
}

// The descriptor that holds what a segment register's hidden part says (Intel SDM volume 3, 3.4.5); base 0.
std::uint64_t descriptor(const kvm_segment& segment) {
  const std::uint64_t limit = segment.g != 0 ? segment.limit >> 12 : segment.limit;
  return (limit & 0xFFFF) | std::uint64_t{segment.type} << 40 | std::uint64_t{segment.s} << 44 |
         std::uint64_t{segment.dpl} << 45 | std::uint64_t{segment.present} << 47 | (limit >> 16 & 0xF) << 48 |
         std::uint64_t{segment.l} << 53 | std::uint64_t{segment.db} << 54 | std::uint64_t{segment.g} << 55;
}

void set_segments(bool is_64bit, const virtio::GuestMemory& memory, kvm_sregs& sregs) {
  const kvm_segment code = flat_segment(kCodeSelector, kTypeCode, is_64bit);
  kvm_segment data = flat_segment(kDataSelector, kTypeData, false);
  kvm_segment task{};
  task.limit = kTssLimit;
  task.selector = kTaskSelector;
  task.type = kTypeBusyTss;
  task.present = 1;

  // The task's descriptor takes two places in long mode; its upper half is 0 here.
  const std::array<std::uint64_t, 6> gdt{0, 0, descriptor(code), descriptor(data), descriptor(task), 0};
  write_value(memory, layout::kBootGdt, gdt);
  sregs.gdt.base = layout::kBootGdt;
  sregs.gdt.limit = sizeof gdt - 1;
  sregs.idt.base = 0;
  sregs.idt.limit = 0;  // no interrupt or fault is expected before the guest has its own
  sregs.cs = code;
  sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
  sregs.tr = task;
}

// One PML4 and one PDPT entry lead to directories of 2 MiB pages that map the first 4 GiB one to one.
void write_page_tables(const virtio::GuestMemory& memory) {
  constexpr std::uint64_t kPdpt = layout::kBootPageTables + kPage;
  constexpr std::uint64_t kFirstDirectory = kPdpt + kPage;
  std::array<std::uint64_t, kEntries> table{};
  table[0] = kPdpt | kPresentWritable;
  write_value(memory, layout::kBootPageTables, table);

  table = {};
  for (std::size_t i = 0; i < kDirectories; ++i)
    table[i] = (kFirstDirectory + i * kPage) | kPresentWritable;
  write_value(memory, kPdpt, table);

  for (std::size_t i = 0; i < kDirectories; ++i) {
    for (std::size_t j = 0; j < kEntries; ++j) {
      table[j] = (i * kEntries + j) * 2 * layout::kMiB | kLargePage | kPresentWritable;
    }
    write_value(memory, kFirstDirectory + i * kPage, table);
  }
}

}  // namespace

void set_boot_registers(const BootState& state, const virtio::GuestMemory& memory, kvm_sregs& sregs,
                        kvm_regs& regs) {
  const bool is_64bit = state.mode == BootState::Mode::kLong64;
  set_segments(is_64bit, memory, sregs);
  sregs.cr0 = kCr0ProtectedMode | kCr0ExtensionType;
  sregs.cr3 = 0;
  sregs.cr4 = 0;
  sregs.efer = 0;
  regs = {};
  regs.rip = state.entry;
  regs.rflags = kRflagsReserved;
  regs.rsp = layout::kBootStackTop;
  if (!is_64bit) {
    regs.rbx = state.parameters;
    return;
  }
  write_page_tables(memory);
  sregs.cr0 |= kCr0Paging;
  sregs.cr3 = layout::kBootPageTables;
  sregs.cr4 = kCr4PhysicalAddressExtension;
  sregs.efer = kEferLongModeEnable | kEferLongModeActive;
  regs.rsi = state.parameters;
}

}  // namespace virtcrypt::vmm::boot
