// The PCI host bridge: bus 0 and the two ways into its configuration space, configuration mechanism #1 (PCI
// Local Bus 3.0, 3.2.2.3.2) and ECAM (PCI Express Base 5.0, 7.2.2). vCPU threads call it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/devices/io_handler.h"
#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::devices {

// Device 0 is the bridge itself; devices 1 to 31 are single-function devices that attach() put there.
// Whatever is not there reads as all ones and ignores writes.
//
// Thread-safety: any thread once the guest runs; attach() comes before that.
class HostBridge {
 public:
  static constexpr unsigned kSlots = 32;
  static constexpr std::uint64_t kConfigPorts = 8;        // address and data register, 4 ports each
  static constexpr std::uint64_t kEcamBytes = 1U << 20U;  // one bus

  HostBridge() : config_ports_(*this), ecam_(*this) {}
  HostBridge(const HostBridge&) = delete;
  HostBridge& operator=(const HostBridge&) = delete;

  // `slot` is 1 to 31 and free; the function outlives the bridge's callers.
  void attach(unsigned slot, virtio::pci::Function& function);

  [[nodiscard]] IoHandler& config_ports() { return config_ports_; }
  [[nodiscard]] IoHandler& ecam() { return ecam_; }

 private:
  // Where in bus 0's configuration space: device, function, register.
  struct ConfigAddress {
    unsigned device;
    unsigned function;
    std::uint16_t offset;
  };

  // Ports 0xCF8 to 0xCFF.
  class ConfigPorts final : public IoHandler {
   public:
    explicit ConfigPorts(HostBridge& bridge) : bridge_(bridge) {}
    void read(std::uint64_t offset, std::span<std::byte> data) override;
    void write(std::uint64_t offset, std::span<const std::byte> data) override;

   private:
    [[nodiscard]] bool selects_bus0(std::uint32_t address) const;

    HostBridge& bridge_;
    // Guests use the pair of registers under a lock of their own, so plain atomicity is enough.
    std::atomic<std::uint32_t> address_{0};
  };

  // 4 KiB for each function, bus 0 only.
  class Ecam final : public IoHandler {
   public:
    explicit Ecam(HostBridge& bridge) : bridge_(bridge) {}
    void read(std::uint64_t offset, std::span<std::byte> data) override;
    void write(std::uint64_t offset, std::span<const std::byte> data) override;

   private:
    HostBridge& bridge_;
  };

  // Any width and alignment: cut into naturally aligned accesses of 1, 2 or 4 bytes.
  void read(const ConfigAddress& start, std::span<std::byte> data);
  void write(const ConfigAddress& start, std::span<const std::byte> data);
  [[nodiscard]] std::uint32_t read_register(const ConfigAddress& at, unsigned width);
  void write_register(const ConfigAddress& at, unsigned width, std::uint32_t value);

  std::array<virtio::pci::Function*, kSlots> functions_{};
  ConfigPorts config_ports_;
  Ecam ecam_;
};

}  // namespace virtcrypt::devices
