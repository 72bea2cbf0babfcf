#include "interrupts.h"

#include "cpu.h"

extern "C" {
bool open_interrupt_window();
extern const unsigned char interrupt_stubs[];
}

namespace virtcrypt::guest {

namespace {

constexpr std::uint64_t kLocalApicSpurious = 0xFEE0'00F0;
constexpr std::uint32_t kApicEnabled = 0x100;
constexpr std::uint32_t kSpuriousVector = 0xFF;
constexpr std::uint64_t kIoApicSelect = 0xFEC0'0000;
constexpr std::uint64_t kIoApicWindow = 0xFEC0'0010;
constexpr std::uint32_t kFirstRedirection = 0x10;
constexpr std::uint32_t kLevelTriggered = 1U << 15;
constexpr std::uint32_t kMasked = 1U << 16;

// A window takes as long as a read of the idle port: thousands of them are milliseconds at least.
constexpr unsigned kQuietPauses = 2000;
constexpr unsigned kQuietWindows = 200;

struct Gate {
  std::uint16_t offset_low;
  std::uint16_t selector;
  std::uint16_t type;
  std::uint16_t offset_middle;
  std::uint32_t offset_high;
  std::uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TablePointer {
  std::uint16_t limit;
  const void* base;
};

Gate idt[256];

void write_io_apic(std::uint32_t index, std::uint32_t value) {
  write_register<std::uint32_t>(kIoApicSelect, index);
  write_register<std::uint32_t>(kIoApicWindow, value);
}

}  // namespace

void set_up_interrupts() {
  constexpr std::uint16_t kPresentInterruptGate = 0x8E00;
  constexpr std::uint16_t kCodeSelector = 0x08;
  constexpr std::uint64_t kStubBytes = 16;
  for (unsigned i = 0; i < 256; ++i) {
    const std::uint64_t stub = reinterpret_cast<std::uint64_t>(interrupt_stubs) + i * kStubBytes;
    idt[i] = {static_cast<std::uint16_t>(stub),
              kCodeSelector,
              kPresentInterruptGate,
              static_cast<std::uint16_t>(stub >> 16),
              static_cast<std::uint32_t>(stub >> 32),
              0};
  }
  const TablePointer pointer{sizeof idt - 1, idt};
  asm volatile("lidt %0" ::"m"(pointer));
  out8(0x21, 0xFF);
  out8(0xA1, 0xFF);
  write_register<std::uint32_t>(kLocalApicSpurious, kApicEnabled | kSpuriousVector);
}

void open_interrupt_windows(unsigned windows) {
  for (unsigned i = 0; i < windows; ++i)
    (void)open_interrupt_window();
}

void take_interrupts(unsigned quiet_windows) {
  for (unsigned quiet = 0; quiet < quiet_windows; ++quiet) {
    if (open_interrupt_window()) quiet = 0;
  }
}

std::uint64_t interrupts_taken(std::uint8_t vector) {
  // A device sends an interrupt a little after it has published what it is for: one window without an
  // interrupt proves nothing, many in a row do.
  take_interrupts(kQuietWindows);
  return read_shared(interrupt_counts[vector]);
}

bool wait_for_interrupt(std::uint8_t vector, std::uint64_t before) {
  // One window at a time: a level-triggered interrupt comes again until its cause is gone.
  return wait_until([&] {
    (void)open_interrupt_window();
    return read_shared(interrupt_counts[vector]) > before;
  });
}

bool no_interrupt_comes(std::uint8_t vector, std::uint64_t before) {
  open_interrupt_windows(kQuietPauses);
  return read_shared(interrupt_counts[vector]) == before;
}

void route_level_interrupt(std::uint32_t gsi, std::uint8_t vector) {
  write_io_apic(kFirstRedirection + 2 * gsi + 1, 0);  // to APIC id 0
  write_io_apic(kFirstRedirection + 2 * gsi, kLevelTriggered | vector);
}

void mask_interrupt_line(std::uint32_t gsi) {
  write_io_apic(kFirstRedirection + 2 * gsi, kMasked);
}

}  // namespace virtcrypt::guest
