// The PCI function under test in a machine of QEMU's, through ports and memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/conformance/qemu_process.h"
#include "tests/driver/pci_access.h"

namespace virtcrypt::conformance {

// A function on bus 0, by configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2).
// Thread-safety: one thread.
class QemuAccess final : public test::PciAccess {
 public:
  QemuAccess(QemuProcess& qemu, unsigned device) : qemu_(qemu), device_(device) {}

  // As firmware would. Until then there is no access to BARs.
  void place_bars();

  [[nodiscard]] std::uint32_t config_read(std::uint16_t offset, unsigned width) override;
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) override;
  void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override;
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  struct Place {
    std::uint64_t base = 0;  // 0: none
    bool is_io = false;
  };
  [[nodiscard]] const Place& place_of(unsigned bar) const;
  void select(Qtest& qtest, std::uint16_t offset) const;

  QemuProcess& qemu_;
  const unsigned device_;
  std::array<Place, 6> places_{};
};

}  // namespace virtcrypt::conformance
