// Local APIC, IOAPIC and interrupt counts of the one processor. Interrupts are off but inside of these
// functions.
#pragma once

#include <cstdint>

namespace virtcrypt::guest {

// Loads the IDT, silences the 8259s, switches the local APIC on.
void set_up_interrupts();

// How often each vector was taken.
extern "C" std::uint64_t interrupt_counts[256];

// So many times an interrupt can be taken.
void open_interrupt_windows(unsigned windows);

// Takes what is pending or on its way: until nothing came in so many windows in a row. Not while an interrupt
// line is asserted, which would go on for ever.
void take_interrupts(unsigned quiet_windows);

// How often `vector` was taken. Takes what is pending or on its way.
[[nodiscard]] std::uint64_t interrupts_taken(std::uint8_t vector);

// Waits until it is more than `before`.
[[nodiscard]] bool wait_for_interrupt(std::uint8_t vector, std::uint64_t before);

// True when the count still is `before` after a while that is long against any interrupt's delay.
[[nodiscard]] bool no_interrupt_comes(std::uint8_t vector, std::uint64_t before);

// Sends IOAPIC input `gsi` to `vector`, level-triggered, or masks it.
void route_level_interrupt(std::uint32_t gsi, std::uint8_t vector);
void mask_interrupt_line(std::uint32_t gsi);

}  // namespace virtcrypt::guest
