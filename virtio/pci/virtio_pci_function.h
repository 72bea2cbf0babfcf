// Virtio over PCI, modern interface (VIRTIO 1.4, 4.1): presents any VirtioDevice as a PCI function.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "virtcrypt/virtio/device.h"
#include "virtcrypt/virtio/driver_observer.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/interrupt_sink.h"
#include "virtcrypt/virtio/pci/common_config.h"
#include "virtcrypt/virtio/pci/config_space.h"
#include "virtcrypt/virtio/pci/function.h"
#include "virtcrypt/virtio/pci/msix.h"

namespace virtcrypt::virtio::pci {

// BAR 0 (64-bit memory)                   BAR 2 (64-bit memory)
//   0x0000  common configuration            0       MSI-X table, 16 bytes a vector
//   0x1000  ISR status                      half    pending bit array
//   0x2000  device configuration
//   0x3000  notification, 4 bytes a queue
//
// Thread-safety: any thread. Configuration-side accesses meet under one lock, config_mutex_, which the data
// path never takes: notify_used() with MSI-X reads atomics only, with INTA# it takes intx_mutex_.
class VirtioPciFunction final : public Function, public InterruptSink {
 public:
  // `memory` and `slot` must outlive the function. `observer`, if there is one, is shown what the driver
  // does; there are no doorbells() then: all notifications are to come as accesses.
  VirtioPciFunction(std::unique_ptr<VirtioDevice> device, const GuestMemory& memory, Slot& slot,
                    std::shared_ptr<DriverObserver> observer = nullptr);
  ~VirtioPciFunction() override;

  [[nodiscard]] std::uint32_t config_read(std::uint16_t offset, unsigned width) override;
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) override;
  void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override;
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;
  [[nodiscard]] std::vector<BarInfo> bars() const override { return config_.bars(); }
  [[nodiscard]] std::uint16_t msix_vectors() const override { return msix_.vectors(); }
  [[nodiscard]] std::vector<Doorbell> doorbells() const override;

  void notify_used(QueueIndex queue) override;
  void notify_config_change() override;
  void device_needs_reset() override;

 private:
  enum class Reset : std::uint8_t { kNone, kRequested };

  void add_capabilities();
  void add_virtio_capability(std::uint8_t type, std::uint32_t offset, std::uint32_t length);

  // With config_mutex_ held.
  void config_changed();
  void read_region(unsigned bar, std::uint64_t offset, std::span<std::byte> data);
  [[nodiscard]] Reset write_region(unsigned bar, std::uint64_t offset, std::span<const std::byte> data);
  [[nodiscard]] Reset write_common(std::size_t offset, std::span<const std::byte> data);
  [[nodiscard]] bool pci_cfg_target(std::uint64_t& offset, unsigned& bar, std::size_t& length) const;
  void activate();
  void activate_queue(QueueIndex index);
  void reset_queue(QueueIndex index);
  [[nodiscard]] std::unique_ptr<Queue> make_queue_or_fault(QueueIndex index);
  void ring_doorbell(std::uint64_t offset, std::span<const std::byte> data);
  void show_capability_write(std::uint16_t offset, unsigned width, std::uint32_t value) const;
  void show_window() const;

  // Without it.
  void reset_device();
  void raise_isr(std::uint8_t bit);
  [[nodiscard]] std::uint8_t read_isr();
  void update_intx();
  void send_config_interrupt();

  const std::shared_ptr<DriverObserver> observer_;  // may be null; outlives the device's queues
  std::unique_ptr<VirtioDevice> device_;
  const GuestMemory& memory_;
  Slot& slot_;
  const std::uint32_t notify_bytes_;

  std::mutex config_mutex_;
  // Under config_mutex_:
  ConfigSpace config_;
  CommonConfig common_;
  std::vector<std::uint64_t> mapped_at_;  // per BAR of config_.bars(); 0: not mapped
  std::uint8_t msix_capability_ = 0;
  std::uint8_t pci_cfg_capability_ = 0;
  std::vector<std::uint8_t> virtio_capabilities_;  // where they start
  bool bus_master_ = false;
  bool active_ = false;
  bool resetting_ = false;

  Msix msix_;

  std::mutex intx_mutex_;
  // Under intx_mutex_:
  std::uint8_t isr_ = 0;
  bool intx_disabled_ = false;
  bool intx_asserted_ = false;
};

}  // namespace virtcrypt::virtio::pci
