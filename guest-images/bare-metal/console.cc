#include "console.h"

#include "cpu.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint16_t kComData = 0x3F8;
constexpr std::uint16_t kComLineStatus = 0x3FD;
constexpr std::uint8_t kTransmitterEmpty = 0x20;
constexpr std::uint16_t kPm1aControl = 0x604;
constexpr std::uint16_t kSoftOff = 1U << 13 | 5U << 10;  // SLP_EN, SLP_TYP of \_S5
constexpr std::uint16_t kResetPort = 0x608;
constexpr std::uint8_t kResetValue = 0x06;

unsigned checks = 0;
unsigned failures = 0;

void print_decimal(unsigned value) {
  if (value >= 10) print_decimal(value / 10);
  const char digit[] = {static_cast<char>('0' + value % 10), 0};
  print(digit);
}

}  // namespace

void print(const char* text) {
  for (; *text != 0; ++text) {
    for (unsigned i = 0; i < 1000 && (in8(kComLineStatus) & kTransmitterEmpty) == 0; ++i) {
    }
    out8(kComData, static_cast<std::uint8_t>(*text));
  }
}

void print_hex(std::uint64_t value) {
  if (value >= 16) print_hex(value / 16);
  const char digit[] = {"0123456789abcdef"[value % 16], 0};
  print(digit);
}

bool check(bool passed, const char* name) {
  ++checks;
  if (!passed) ++failures;
  print(passed ? "ok " : "not ok ");
  print_decimal(checks);
  print(" - ");
  print(name);
  print("\n");
  return passed;
}

bool check_equal(std::uint64_t got, std::uint64_t expected, const char* name) {
  if (got != expected) {
    print("# got 0x");
    print_hex(got);
    print(", expected 0x");
    print_hex(expected);
    print("\n");
  }
  return check(got == expected, name);
}

void finish() {
  print("1..");
  print_decimal(checks);
  print("\n");
  if (failures == 0) out16(kPm1aControl, kSoftOff);
  out8(kResetPort, kResetValue);
  for (;;)
    asm volatile("cli; hlt");
}

// Called by the stubs in start.S: a fault of the guest itself. `frame` points to what the processor pushed.
extern "C" [[noreturn]] void report_exception(std::uint64_t vector, const std::uint64_t* frame);
void report_exception(std::uint64_t vector, const std::uint64_t* frame) {
  print("# exception 0x");
  print_hex(vector);
  for (unsigned i = 0; i < 4; ++i) {
    print(" 0x");
    print_hex(frame[i]);
  }
  print("\n");
  check(false, "the guest runs without exceptions");
  finish();
}

}  // namespace virtcrypt::guest
