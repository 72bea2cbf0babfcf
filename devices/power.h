// How the guest ends the machine: the ACPI power management registers, the ACPI reset register and the
// keyboard controller's reset line. vCPU threads call it; the fixed addresses are the machine's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>

#include "virtcrypt/devices/io_handler.h"

namespace virtcrypt::devices {

enum class PowerRequest : std::uint8_t { kPowerOff, kReset };

// PM1a_EVT_BLK (4 ports) followed by PM1a_CNT_BLK (2 ports), ACPI 6.5 4.8.3.1 and 4.8.3.2. The machine has no
// fixed events, so the status register stays 0, and it is in ACPI mode from the start, so SCI_EN reads 1.
// Thread-safety: any thread.
class AcpiPowerRegisters final : public IoHandler {
 public:
  static constexpr std::uint64_t kPorts = 6;

  // `soft_off` is the SLP_TYP of \_S5. `request` comes on the calling vCPU's thread, with no lock held.
  AcpiPowerRegisters(unsigned soft_off, std::function<void(PowerRequest)> request);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  [[nodiscard]] std::byte read_byte(std::uint64_t offset) const;
  // True when the byte switched the machine off.
  [[nodiscard]] bool write_byte(std::uint64_t offset, std::uint8_t value);

  const unsigned soft_off_;
  const std::function<void(PowerRequest)> request_;
  std::mutex mutex_;
  std::uint16_t enable_ = 0;
  std::uint16_t control_ = 0;
};

// One port that resets the machine when one value is written to it: RESET_REG of the FADT (ACPI 6.5 4.8.3.6),
// or port 0x64 of the keyboard controller, where 0xFE pulses the reset line. Reads give 0: for a keyboard
// controller that means "no data, ready", so nobody waits for one that is not there. Thread-safety: any
// thread.
class ResetPort final : public IoHandler {
 public:
  ResetPort(std::uint8_t reset_value, std::function<void(PowerRequest)> request);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  const std::byte reset_value_;
  const std::function<void(PowerRequest)> request_;
};

}  // namespace virtcrypt::devices
