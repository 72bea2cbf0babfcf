// How a driver reaches a PCI function, whatever lies between: a call, the kernel's sysfs, another program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace virtcrypt::test {

class PciAccess {
 public:
  virtual ~PciAccess() = default;
  PciAccess(const PciAccess&) = delete;
  PciAccess& operator=(const PciAccess&) = delete;

  // Configuration space; `width` is 1, 2 or 4 bytes.
  [[nodiscard]] virtual std::uint32_t config_read(std::uint16_t offset, unsigned width) = 0;
  virtual void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) = 0;

  // Registers in a BAR, little-endian; one access of 1, 2, 4 or 8 bytes.
  virtual void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) = 0;

 protected:
  PciAccess() = default;
};

}  // namespace virtcrypt::test
