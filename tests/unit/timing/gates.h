// Places on the way of a request where a thread of the device can be stopped, and let go again.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "tests/driver/fake_slot.h"
#include "virtcrypt/virtio/driver_observer.h"

namespace virtcrypt::test {

// Stops the first thread that comes by after arm(), until open(). Thread-safety: any thread.
class Gate {
 public:
  void arm() {
    const std::lock_guard lock(mutex_);
    is_open_ = is_reached_ = false;
    is_armed_.store(true);
  }
  // The device's threads.
  void pass() {
    if (!is_armed_.exchange(false)) return;
    std::unique_lock lock(mutex_);
    is_reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  // False when nobody has come for 20 seconds.
  [[nodiscard]] bool wait_until_reached() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return is_reached_; });
  }
  void open() {
    is_armed_.store(false);
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::atomic<bool> is_armed_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_reached_ = false;
  bool is_open_ = true;
};

// In the order in which a request comes to them.
enum class Place : std::uint8_t {
  kTaken,            // popped, nothing read of it
  kParsed,           // its session found
  kExecution,        // the engine is called
  kMidway,           // between two operations of a batch
  kExecuted,         // the engine returns
  kReturning,        // status written, the used element not
  kSecondReturning,  // one used element written, not visible
  kInterrupt,        // visible, the driver not told
  kSignal,           // the message is on its way
};

class Gates {
 public:
  ~Gates() { open_all(); }
  [[nodiscard]] Gate& at(Place place) { return gates_.at(static_cast<std::size_t>(place)); }
  void open_all() {
    for (Gate& gate : gates_)
      gate.open();
  }

 private:
  std::array<Gate, 9> gates_;
};

// Gates in what the transport shows to those who watch a driver: kTaken, kReturning, kSecondReturning,
// kInterrupt.
class GatedObserver final : public virtio::DriverObserver {
 public:
  explicit GatedObserver(Gates& gates) : gates_(gates) {}

  void interrupted(bool by_config_change, bool) override {
    if (!by_config_change) gates_.at(Place::kInterrupt).pass();
  }
  [[nodiscard]] std::unique_ptr<virtio::RingObserver> watch_ring(virtio::QueueIndex,
                                                                 const virtio::QueueConfig&,
                                                                 const virtio::GuestMemory&,
                                                                 virtio::FeatureSet) override {
    return std::make_unique<Ring>(gates_);
  }

 private:
  class Ring final : public virtio::RingObserver {
   public:
    explicit Ring(Gates& gates) : gates_(gates) {}
    void taken(const virtio::SeenChain&) override { gates_.at(Place::kTaken).pass(); }
    void returning(std::uint64_t number) override {
      gates_.at(Place::kReturning).pass();
      if (number > 0) gates_.at(Place::kSecondReturning).pass();
    }

   private:
    Gates& gates_;
  };

  Gates& gates_;
};

// A slot with the gate kSignal, in which one can sleep until a vector is signalled.
class GatedSlot final : public virtio::pci::Slot {
 public:
  explicit GatedSlot(Gates& gates) : gates_(gates) {}

  [[nodiscard]] FakeSlot& record() { return record_; }
  void map_bar(unsigned bar, std::uint64_t base, std::uint64_t size) override {
    record_.map_bar(bar, base, size);
  }
  void unmap_bar(unsigned bar) override { record_.unmap_bar(bar); }
  void route_msix(std::uint16_t vector, const virtio::pci::MsiMessage& message) override {
    record_.route_msix(vector, message);
  }
  void signal_msix(std::uint16_t vector) override {
    gates_.at(Place::kSignal).pass();
    record_.signal_msix(vector);
  }
  void set_intx(bool asserted) override { record_.set_intx(asserted); }

 private:
  Gates& gates_;
  FakeSlot record_;
};

}  // namespace virtcrypt::test
