// The common configuration structure of virtio over PCI (VIRTIO 1.4, 4.1.4.3): a table of registers over
// device status, negotiation and queue configuration.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "virtcrypt/virtio/device.h"
#include "virtcrypt/virtio/device_status.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::virtio::pci {

constexpr std::uint16_t kNoVector = 0xFFFF;  // VIRTIO_MSI_NO_VECTOR (4.1.5.1.2)

// Thread-safety: the function's lock, but for queue_vector() and config_vector(), which any thread may read.
class CommonConfig {
 public:
  // `msix_vectors`: size of the MSI-X table, vectors beyond it cannot be mapped.
  CommonConfig(const VirtioDevice& device, std::uint16_t msix_vectors);

  // The driver's accesses, `offset` from the structure's start. Registers have one width each; an access that
  // covers a part of a register is carried out on that part, one that covers several on each, and what lies
  // outside any register reads as 0. Returns what a write asks of the transport.
  void read(std::size_t offset, std::span<std::byte> data) const;
  [[nodiscard]] StatusAction write(std::size_t offset, std::span<const std::byte> data);

  // Everything as after power-on (2.4.1, and 4.1.5.1.2.1 for the vectors).
  void reset();

  [[nodiscard]] DeviceStatus& status() { return status_; }
  [[nodiscard]] FeatureSet negotiated() const { return driver_features_; }

  struct QueueRegisters {
    QueueConfig config;
    bool enabled = false;
  };
  [[nodiscard]] const std::vector<QueueRegisters>& queues() const { return queues_; }

  [[nodiscard]] std::uint16_t queue_vector(QueueIndex queue) const {
    return queue_vectors_[to_integer(queue)].load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint16_t config_vector() const { return config_vector_.load(std::memory_order_acquire); }

 private:
  struct Register;
  static const Register kRegisters[];
  static const Register* find_register(std::size_t offset);

  [[nodiscard]] const QueueRegisters* selected() const;
  [[nodiscard]] QueueRegisters* configurable_queue();  // the selected one, if it may still be configured
  [[nodiscard]] bool features_acceptable() const;
  [[nodiscard]] std::uint16_t mappable(std::uint32_t vector) const;

  void write_driver_feature(std::uint32_t value);
  void write_device_status(std::uint32_t value);
  void write_queue_size(std::uint32_t value);
  void write_queue_vector(std::uint32_t value);
  void write_queue_enable(std::uint32_t value);
  void write_address(GuestAddress QueueConfig::*area, unsigned half, std::uint32_t value);
  [[nodiscard]] std::uint32_t read_address(GuestAddress QueueConfig::*area, unsigned half) const;

  const VirtioDevice& device_;
  const std::uint16_t msix_vectors_;

  DeviceStatus status_;
  StatusAction pending_action_ = StatusAction::kNone;
  std::uint32_t device_feature_select_ = 0;
  std::uint32_t driver_feature_select_ = 0;
  std::uint16_t queue_select_ = 0;
  FeatureSet driver_features_;
  bool accepted_beyond_ =
      false;  // the driver has accepted bits that no FeatureSet holds, so that were never offered
  std::vector<QueueRegisters> queues_;
  std::unique_ptr<std::atomic<std::uint16_t>[]> queue_vectors_;
  std::atomic<std::uint16_t> config_vector_{kNoVector};
};

}  // namespace virtcrypt::virtio::pci
