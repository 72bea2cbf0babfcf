// A device that can be measured: ours in this process, or another implementation.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "tests/conformance/target.h"
#include "tests/driver/driver_memory.h"
#include "tests/driver/pci_access.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/crypto/device.h"

namespace virtcrypt::bench {

// What Traffic drives. Nobody waits for its interrupts.
// Thread-safety: pci() and memory() as the device behind them; run_ready() with the driver on one thread.
class MeasuredDevice {
 public:
  virtual ~MeasuredDevice() = default;
  MeasuredDevice(const MeasuredDevice&) = delete;
  MeasuredDevice& operator=(const MeasuredDevice&) = delete;

  [[nodiscard]] virtual test::PciAccess& pci() = 0;
  // Memory that driver and device share, all zero at first.
  [[nodiscard]] virtual test::DriverMemory& memory() = 0;
  // Does what there is to do, on this thread. A peer has threads of its own.
  virtual void run_ready() = 0;

 protected:
  MeasuredDevice() = default;
};

[[nodiscard]] std::unique_ptr<MeasuredDevice> make_own_device(
    const devices::crypto_dev::DeviceOptions& options, std::unique_ptr<const crypto::Engine> engine,
    std::size_t memory_bytes);

// What --peer names: qemu or qemu:PATH. Throws std::runtime_error when PATH is no QEMU with such a device.
[[nodiscard]] bool is_peer_name(const std::string& name);
[[nodiscard]] std::unique_ptr<conformance::Target> make_peer(const std::string& name);

// A fresh device of the peer, which offers packed virtqueues if it can and they are wanted.
[[nodiscard]] std::unique_ptr<MeasuredDevice> make_peer_device(conformance::Target& peer, bool packed);

}  // namespace virtcrypt::bench
