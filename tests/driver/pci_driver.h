// The driver side of virtio over PCI (VIRTIO 1.4, 4.1): finds the structures, negotiates, sets queues up.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/driver_ring.h"
#include "tests/driver/pci_access.h"

namespace virtcrypt::test {

// Offsets of the common configuration structure (4.1.4.3), written out here once more: the device's table is
// under test.
namespace common {
constexpr std::uint32_t kDeviceFeatureSelect = 0, kDeviceFeature = 4, kDriverFeatureSelect = 8,
                        kDriverFeature = 12;
constexpr std::uint32_t kConfigVector = 16, kNumQueues = 18, kDeviceStatus = 20, kConfigGeneration = 21;
constexpr std::uint32_t kQueueSelect = 22, kQueueSize = 24, kQueueVector = 26, kQueueEnable = 28,
                        kQueueNotifyOff = 30;
constexpr std::uint32_t kQueueDesc = 32, kQueueDriver = 40, kQueueDevice = 48;
constexpr std::uint32_t kQueueNotifConfigData = 56, kQueueReset = 58, kAdminQueueIndex = 60,
                        kAdminQueueNum = 62;
}  // namespace common

namespace status {
constexpr std::uint8_t kAcknowledge = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8, kNeedsReset = 64,
                       kFailed = 128;
}

namespace feature {
constexpr std::uint64_t kIndirectDesc = std::uint64_t{1} << 28, kEventIdx = std::uint64_t{1} << 29;
constexpr std::uint64_t kVersion1 = std::uint64_t{1} << 32, kAccessPlatform = std::uint64_t{1} << 33;
constexpr std::uint64_t kRingPacked = std::uint64_t{1} << 34, kInOrder = std::uint64_t{1} << 35;
constexpr std::uint64_t kOrderPlatform = std::uint64_t{1} << 36, kSrIov = std::uint64_t{1} << 37;
constexpr std::uint64_t kNotificationData = std::uint64_t{1} << 38, kNotifConfigData = std::uint64_t{1} << 39;
constexpr std::uint64_t kRingReset = std::uint64_t{1} << 40;
}  // namespace feature

// Thread-safety: one driver thread.
class PciDriver {
 public:
  explicit PciDriver(PciAccess& function) : function_(function) { find_capabilities(); }

  struct Structure {
    std::uint8_t capability;  // offset in configuration space
    std::uint8_t bar;
    std::uint32_t offset;
    std::uint32_t length;
  };
  // By cfg_type: 1 common, 2 notify, 3 ISR, 4 device, 5 PCI_CFG.
  [[nodiscard]] const std::map<std::uint8_t, Structure>& structures() const { return structures_; }
  [[nodiscard]] std::uint8_t msix_capability() const { return msix_capability_; }
  [[nodiscard]] std::uint32_t notify_multiplier() const { return notify_multiplier_; }

  // Registers of a structure.
  [[nodiscard]] std::uint32_t read(std::uint8_t structure, std::uint32_t offset, unsigned width);
  void write(std::uint8_t structure, std::uint32_t offset, unsigned width, std::uint32_t value);
  [[nodiscard]] std::uint32_t read_common(std::uint32_t offset, unsigned width) {
    return read(1, offset, width);
  }
  void write_common(std::uint32_t offset, unsigned width, std::uint32_t value) {
    write(1, offset, width, value);
  }
  [[nodiscard]] std::uint8_t read_isr() { return static_cast<std::uint8_t>(read(3, 0, 1)); }
  [[nodiscard]] Bytes read_device_config(std::uint32_t offset, std::size_t bytes);

  // All of it as 2.5.1 asks for: 32 bits at a time, between two looks at config_generation.
  void read_all_device_config();

  // 3.1.1, step by step.
  void set_command(std::uint16_t bits);
  void add_status(std::uint8_t bits);
  [[nodiscard]] std::uint8_t device_status() {
    return static_cast<std::uint8_t>(read_common(common::kDeviceStatus, 1));
  }
  [[nodiscard]] std::uint64_t offered();
  void set_driver_features(std::uint64_t features);
  void set_queue(std::uint16_t queue, const DriverRing& ring, std::uint16_t vector = 0xFFFF);

  // RING_RESET: asks for it; the caller then waits for queue_resets() to become false.
  void request_queue_reset(std::uint16_t queue);
  [[nodiscard]] bool queue_resets(std::uint16_t queue);

  // ACKNOWLEDGE to FEATURES_OK; false when the device refuses the features.
  [[nodiscard]] bool negotiate(std::uint64_t features);

  // Writes 0; the caller then waits for device_status() to read 0.
  void request_reset() { write_common(common::kDeviceStatus, 1, 0); }

  // Available buffer notification for a queue that was set up, as negotiated: with `next` (what
  // DriverRing::next_available() says) 32 bits wide, as NOTIFICATION_DATA asks for, else 16. May run on a
  // thread of its own.
  void kick(std::uint16_t queue, std::optional<std::uint16_t> next = {});
  // The same for a ring that has just been added to, with data if that was negotiated.
  void kick(std::uint16_t queue, const DriverRing& ring);
  void write_doorbell(std::uint16_t queue, std::uint32_t value, unsigned width);  // anything

  // MSI-X: enables the capability, and routes and unmasks `vector`.
  void enable_msix(bool enabled, bool function_mask = false);
  void program_vector(std::uint16_t vector, std::uint64_t address, std::uint32_t data, bool masked);
  void mask_vector(std::uint16_t vector, bool masked);
  [[nodiscard]] bool pending(std::uint16_t vector);

 private:
  void find_capabilities();
  void write_bar(unsigned bar, std::uint64_t offset, std::uint64_t value, unsigned width);
  [[nodiscard]] std::uint64_t read_bar(unsigned bar, std::uint64_t offset, unsigned width);

  PciAccess& function_;
  std::map<std::uint8_t, Structure> structures_;
  std::uint8_t msix_capability_ = 0;
  std::uint32_t notify_multiplier_ = 0;
  bool notif_config_data_ = false;  // negotiated, as the next is
  bool notification_data_ = false;
  // Of the queues that were set up.
  std::map<std::uint16_t, std::uint32_t> notify_offsets_;
  std::map<std::uint16_t, std::uint16_t> notify_values_;
};

}  // namespace virtcrypt::test
