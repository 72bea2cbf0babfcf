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
#include "virtcrypt/virtio/driver_observer.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::virtio::pci {

constexpr std::uint16_t kNoVector = 0xFFFF;  // VIRTIO_MSI_NO_VECTOR (4.1.5.1.2)

// Length of the structure, up to admin_queue_num. Its admin fields read as 0: there are no such queues.
constexpr std::uint32_t kCommonConfigBytes = 64;

// What a write to the structure asks of the transport.
struct ConfigAction {
  enum class Kind : std::uint8_t {
    kNone,
    kReset,        // zero was written to device_status
    kActivate,     // DRIVER_OK was set
    kEnableQueue,  // `queue` was enabled on a live device
    kResetQueue,   // and this one is to be reset; finish_queue_reset() when that is done
  };
  Kind kind = Kind::kNone;
  QueueIndex queue{};
};

// Thread-safety: the function's lock, but for queue_vector() and config_vector(), which any thread may read.
class CommonConfig {
 public:
  // `msix_vectors`: size of the MSI-X table, vectors beyond it cannot be mapped.
  CommonConfig(const VirtioDevice& device, std::uint16_t msix_vectors);

  // The driver's accesses, `offset` from the structure's start. Registers have one width each; an access that
  // covers a part of a register is carried out on that part, one that covers several on each, and what lies
  // outside any register reads as 0. Returns what a write asks of the transport.
  void read(std::size_t offset, std::span<std::byte> data) const;
  [[nodiscard]] ConfigAction write(std::size_t offset, std::span<const std::byte> data);

  // Everything as after power-on (2.4.1, and 4.1.5.1.2.1 for the vectors).
  void reset();

  // The queue that a kResetQueue has named is back to what it was after power-on.
  void finish_queue_reset(QueueIndex queue);

  [[nodiscard]] DeviceStatus& status() { return status_; }
  [[nodiscard]] FeatureSet negotiated() const { return driver_features_; }

  // For those who watch the driver.
  [[nodiscard]] DriverView view() const;
  // What queue_notif_config_data shows once that is negotiated.
  [[nodiscard]] static std::uint16_t notif_config_data(QueueIndex queue);

  struct QueueRegisters {
    QueueConfig config;
    bool enabled = false;
    bool resetting = false;  // what queue_reset shows
  };
  [[nodiscard]] const std::vector<QueueRegisters>& queues() const { return queues_; }

  [[nodiscard]] std::uint16_t queue_vector(QueueIndex queue) const {
    return queue_vectors_[to_integer(queue)].load(std::memory_order_acquire);
  }
  // Whether a queue, or the configuration, is mapped to it.
  [[nodiscard]] bool is_in_use(std::uint16_t vector) const;
  [[nodiscard]] std::uint16_t config_vector() const { return config_vector_.load(std::memory_order_acquire); }

 private:
  struct Register;
  static const Register kRegisters[];
  static const Register* find_register(std::size_t offset);

  [[nodiscard]] const QueueRegisters* selected() const;
  [[nodiscard]] QueueRegisters* configurable_queue();  // the selected one, if it may still be configured
  [[nodiscard]] bool features_acceptable() const;
  [[nodiscard]] bool is_negotiated(Feature feature) const;
  [[nodiscard]] std::uint16_t size_of(const QueueRegisters& queue) const;
  void set_defaults(std::uint16_t queue);
  [[nodiscard]] std::uint16_t mappable(std::uint32_t vector) const;

  void write_driver_feature(std::uint32_t value);
  void write_device_status(std::uint32_t value);
  void write_queue_size(std::uint32_t value);
  void write_queue_vector(std::uint32_t value);
  void write_queue_enable(std::uint32_t value);
  void write_queue_reset(std::uint32_t value);
  void write_address(GuestAddress QueueConfig::*area, unsigned half, std::uint32_t value);
  [[nodiscard]] std::uint32_t read_address(GuestAddress QueueConfig::*area, unsigned half) const;

  const VirtioDevice& device_;
  const std::uint16_t msix_vectors_;

  DeviceStatus status_;
  ConfigAction pending_action_;  // of the write that is being carried out
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
