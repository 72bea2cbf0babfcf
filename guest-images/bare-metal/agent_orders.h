// What the agent and the program outside of its machine agree on: orders in a mailbox in RAM, two ports to
// hand them over, and nothing else. Both sides compile this file.
#pragma once

#include <cstdint>

namespace virtcrypt::guest {

// A write, the first: the mailbox has this address, and the agent is ready. A read: the last order is carried
// out; it returns when there is the next one, or with 0 when there will not be any more.
constexpr std::uint16_t kAgentPort = 0x700;
// A write: this exception has come, `exception_frame` says where. The agent does nothing more.
constexpr std::uint16_t kAgentExceptionPort = 0x704;
constexpr std::uint16_t kAgentPorts = 8;

enum class Order : std::uint32_t {
  kReadPort,
  kWritePort,
  kReadMemory,
  kWriteMemory,
  // Takes the interrupts that are pending or on their way.
  kTakeInterrupts,
  // Routes the IOAPIC's input `address` to the vector `value` for a moment, level-triggered: while the input
  // is high interrupts come.
  kWatchLine,
};

struct Mailbox {
  Order order;
  std::uint32_t width;    // of an access: 1, 2, 4 bytes; in memory 8 as well
  std::uint64_t address;  // of an access: port, or physical address
  std::uint64_t value;    // that is written, or was read
  // From the beginning:
  std::uint64_t interrupt_counts;  // physical address of 256 counters of 64 bits: interrupts taken, by vector
  std::uint64_t exception_frame;   // physical address of what the processor pushed, RIP at the latest second
};

}  // namespace virtcrypt::guest
