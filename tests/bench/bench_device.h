// A device with threads in this process for benchmarks, and a driver that costs little: chains are placed
// once and put on the rings again and again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/driver/function_access.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/split_ring.h"
#include "tests/driver/test_memory.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::bench {

// A slot in which one can sleep until vector 0 is signalled. Thread-safety: any thread.
class WaitingSlot final : public virtio::pci::Slot {
 public:
  void map_bar(unsigned, std::uint64_t, std::uint64_t) override {}
  void unmap_bar(unsigned) override {}
  void route_msix(std::uint16_t, const virtio::pci::MsiMessage&) override {}
  void signal_msix(std::uint16_t vector) override {
    if (vector != 0) return;
    const std::lock_guard lock(mutex_);
    ++signals_;
    signalled_.notify_all();
  }
  void set_intx(bool) override {}

  // Sleeps until one more signal than the last call saw.
  void wait() {
    std::unique_lock lock(mutex_);
    signalled_.wait(lock, [this] { return signals_ != seen_; });
    seen_ = signals_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable signalled_;
  unsigned signals_ = 0;
  unsigned seen_ = 0;
};

// Thread-safety: one thread a queue.
class BenchDevice {
 public:
  // Up to DRIVER_OK, with split rings of `ring_size` for all queues; throws when the features are refused.
  BenchDevice(const devices::crypto_dev::DeviceOptions& options, std::uint64_t features,
              std::uint16_t ring_size);

  [[nodiscard]] devices::crypto_dev::Device& device() { return *device_; }
  [[nodiscard]] test::PciDriver& pci() { return *pci_; }
  [[nodiscard]] WaitingSlot& slot() { return slot_; }
  [[nodiscard]] test::TestMemory& memory() { return memory_; }
  [[nodiscard]] test::DriverRing& ring(std::uint16_t queue) { return *rings_.at(queue); }
  [[nodiscard]] std::uint16_t control_queue() const { return static_cast<std::uint16_t>(rings_.size() - 1); }

  // Makes a chain available and notifies as asked for; returns its head. Throws when the ring is full.
  std::uint16_t submit(std::uint16_t queue, const std::vector<test::Segment>& chain);
  // Submits, and waits for this one chain; nothing else is in flight on the queue.
  void call(std::uint16_t queue, const std::vector<test::Segment>& chain);

 private:
  test::TestMemory memory_;
  WaitingSlot slot_;
  devices::crypto_dev::Device* device_ = nullptr;
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<test::FunctionAccess> access_;
  std::unique_ptr<test::PciDriver> pci_;
  std::vector<std::unique_ptr<test::DriverRing>> rings_;
};

}  // namespace virtcrypt::bench
