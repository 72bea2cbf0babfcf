// The agent: carries out accesses and takes interrupts, one order after the other, for a program outside of
// its machine. What the answers are worth is not its business.
#include "agent_orders.h"

#include "cpu.h"
#include "interrupts.h"

namespace virtcrypt::guest {

namespace {

// An interrupt on its way arrives within a window or two.
constexpr unsigned kQuietWindows = 8;

volatile Mailbox mailbox;

std::uint64_t read_port(std::uint16_t port) {
  switch (mailbox.width) {
    case 1:
      return in8(port);
    case 2:
      return in16(port);
    default:
      return in32(port);
  }
}

void write_port(std::uint16_t port, std::uint64_t value) {
  switch (mailbox.width) {
    case 1:
      return out8(port, static_cast<std::uint8_t>(value));
    case 2:
      return out16(port, static_cast<std::uint16_t>(value));
    default:
      return out32(port, static_cast<std::uint32_t>(value));
  }
}

std::uint64_t read_memory(std::uint64_t address) {
  switch (mailbox.width) {
    case 1:
      return read_register<std::uint8_t>(address);
    case 2:
      return read_register<std::uint16_t>(address);
    case 4:
      return read_register<std::uint32_t>(address);
    default:
      return read_register<std::uint64_t>(address);
  }
}

void write_memory(std::uint64_t address, std::uint64_t value) {
  switch (mailbox.width) {
    case 1:
      return write_register(address, static_cast<std::uint8_t>(value));
    case 2:
      return write_register(address, static_cast<std::uint16_t>(value));
    case 4:
      return write_register(address, static_cast<std::uint32_t>(value));
    default:
      return write_register(address, value);
  }
}

void watch_line(std::uint32_t input, std::uint8_t vector) {
  route_level_interrupt(input, vector);
  open_interrupt_windows(kQuietWindows);
  mask_interrupt_line(input);
  take_interrupts(kQuietWindows);
}

void carry_out_order() {
  const std::uint64_t address = mailbox.address;
  switch (mailbox.order) {
    case Order::kReadPort:
      mailbox.value = read_port(static_cast<std::uint16_t>(address));
      break;
    case Order::kWritePort:
      write_port(static_cast<std::uint16_t>(address), mailbox.value);
      break;
    case Order::kReadMemory:
      mailbox.value = read_memory(address);
      break;
    case Order::kWriteMemory:
      write_memory(address, mailbox.value);
      break;
    case Order::kTakeInterrupts:
      take_interrupts(kQuietWindows);
      break;
    case Order::kWatchLine:
      watch_line(static_cast<std::uint32_t>(address), static_cast<std::uint8_t>(mailbox.value));
      break;
  }
}

}  // namespace

}  // namespace virtcrypt::guest

// Called by start.S in long mode, on a stack of 16 KiB, interrupts off. The processor is halted behind it.
extern "C" void guest_main();
void guest_main() {
  using namespace virtcrypt::guest;
  set_up_interrupts();
  mailbox.interrupt_counts = reinterpret_cast<std::uint64_t>(interrupt_counts);
  out32(kAgentPort, static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(&mailbox)));
  while (in32(kAgentPort) != 0)
    carry_out_order();
}

// Called by the stubs in start.S. `frame` points to what the processor pushed.
extern "C" [[noreturn]] void report_exception(std::uint64_t vector, const std::uint64_t* frame);
void report_exception(std::uint64_t vector, const std::uint64_t* frame) {
  using namespace virtcrypt::guest;
  mailbox.exception_frame = reinterpret_cast<std::uint64_t>(frame);
  out32(kAgentExceptionPort, static_cast<std::uint32_t>(vector));
  for (;;)
    asm volatile("cli; hlt");
}
