// Ports, device registers, and waiting.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtcrypt::guest {

inline void out8(std::uint16_t port, std::uint8_t value) {
  asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
inline void out16(std::uint16_t port, std::uint16_t value) {
  asm volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
inline void out32(std::uint16_t port, std::uint32_t value) {
  asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

inline std::uint8_t in8(std::uint16_t port) {
  std::uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

inline std::uint16_t in16(std::uint16_t port) {
  std::uint16_t value;
  asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

inline std::uint32_t in32(std::uint16_t port) {
  std::uint32_t value;
  asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

// Registers in memory space: one access of exactly this width.
template <typename Value>
[[nodiscard]] inline Value read_register(std::uint64_t address) {
  return *reinterpret_cast<const volatile Value*>(address);
}

template <typename Value>
inline void write_register(std::uint64_t address, Value value) {
  *reinterpret_cast<volatile Value*>(address) = value;
}

// Memory that a device writes.
template <typename Value>
[[nodiscard]] inline Value read_shared(const Value& value) {
  return *const_cast<const volatile Value*>(&value);
}

// Everything written before is visible to a device before anything that follows is read or written. (A locked
// operation, because the emulator knows it.)
inline void full_barrier() {
  asm volatile("lock orl $0, (%%rsp)" ::: "memory", "cc");
}

// Reads of a port that nobody answers take their time on every kind of backend: about a microsecond on
// hardware, ten where guests are interpreted. Clocks are not needed for limits that are only reached when
// something is broken.
inline void pause_shortly() {
  (void)in8(0x80);
}
constexpr unsigned kPatience = 200'000;

template <typename Condition>
[[nodiscard]] bool wait_until(Condition condition, unsigned patience = kPatience) {
  for (unsigned i = 0; i < patience; ++i) {
    if (condition()) return true;
    pause_shortly();
  }
  return condition();
}

}  // namespace virtcrypt::guest
