// PCI configuration space of a type 0 function (PCI Local Bus 3.0, chapter 6): values, writable bits, BARs,
// capabilities.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::virtio::pci {

struct Identity {
  std::uint16_t vendor_id;
  std::uint16_t device_id;
  std::uint8_t revision_id;
  std::uint32_t class_code;  // 24 bits: base class, subclass, interface
  std::uint16_t subsystem_vendor_id;
  std::uint16_t subsystem_id;
};

// Registers of the header (PCI 3.0, 6.1 and 6.2).
constexpr std::uint16_t kCommandRegister = 0x04;
constexpr std::uint16_t kStatusRegister = 0x06;
constexpr std::uint16_t kBarRegisters = 0x10;
constexpr std::uint16_t kCapabilitiesPointer = 0x34;
constexpr std::uint16_t kInterruptLine = 0x3C;
constexpr std::uint16_t kInterruptPin = 0x3D;

constexpr std::uint16_t kCommandMemory = 1 << 1;
constexpr std::uint16_t kCommandBusMaster = 1 << 2;
constexpr std::uint16_t kCommandIntxDisable = 1 << 10;
constexpr std::uint16_t kStatusInterrupt = 1 << 3;

// Which bytes of a capability the driver may write: offset from the capability's start, mask of the byte.
struct WritableByte {
  std::uint8_t offset;
  std::uint8_t mask;
};

// Plain registers without side effects: whoever owns it looks at what has changed after a write.
// Thread-safety: none; the function's lock.
class ConfigSpace {
 public:
  static constexpr std::size_t kBytes = 4096;

  explicit ConfigSpace(const Identity& identity);

  // `size` is a power of two, at least 16. A 64-bit BAR takes the next register too.
  void add_memory_bar(unsigned bar, std::uint64_t size, bool is_64bit);

  // Appends a capability; `body` follows its id and next pointer. Returns its offset. The list is in order of
  // calls.
  std::uint8_t add_capability(std::uint8_t id, std::span<const std::byte> body,
                              std::initializer_list<WritableByte> writable);

  // `width` 1, 2 or 4; `offset` + `width` within the space.
  [[nodiscard]] std::uint32_t read(std::uint16_t offset, unsigned width) const;
  void write(std::uint16_t offset, unsigned width, std::uint32_t value);  // read-only bits keep their value
  void set(std::uint16_t offset, unsigned width, std::uint32_t value);    // the device's own hand

  [[nodiscard]] bool command_has(std::uint16_t bit) const { return (read(kCommandRegister, 2) & bit) != 0; }

  // Address that the guest has programmed.
  [[nodiscard]] std::uint64_t bar_address(const Function::BarInfo& bar) const;
  [[nodiscard]] const std::vector<Function::BarInfo>& bars() const { return bars_; }

 private:
  std::array<std::uint8_t, kBytes> values_{};
  std::array<std::uint8_t, kBytes> writable_{};
  std::vector<Function::BarInfo> bars_;
  std::uint8_t next_capability_ = 0x40;
  std::uint16_t last_link_ = kCapabilitiesPointer;
};

}  // namespace virtcrypt::virtio::pci
