// A driver thread that keeps one virtqueue full, and accounts for every request.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/driver/driver_memory.h"
#include "tests/driver/driver_ring.h"
#include "tests/driver/pci_driver.h"
#include "tests/unit/timing/talk.h"
#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::test {

// Counts signals, and lets threads sleep until the next. Thread-safety: any thread.
class WakingSlot final : public virtio::pci::Slot {
 public:
  void map_bar(unsigned, std::uint64_t, std::uint64_t) override {}
  void unmap_bar(unsigned) override {}
  void route_msix(std::uint16_t, const virtio::pci::MsiMessage&) override {}
  void signal_msix(std::uint16_t vector) override {
    const std::lock_guard lock(mutex_);
    ++signals_.at(vector);
    changed_.notify_all();
  }
  void set_intx(bool) override {}

  [[nodiscard]] unsigned signals(std::uint16_t vector) {
    const std::lock_guard lock(mutex_);
    return signals_.at(vector);
  }
  [[nodiscard]] unsigned all_signals() {
    const std::lock_guard lock(mutex_);
    unsigned sum = 0;
    for (const unsigned signals : signals_)
      sum += signals;
    return sum;
  }
  // Until the vector has been signalled more than `seen` times or `ends` is set and wake() called. False
  // after 20 seconds.
  bool wait(std::uint16_t vector, unsigned seen, const std::atomic<bool>& ends) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return signals_.at(vector) != seen || ends.load(); });
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<unsigned, 16> signals_{};
};

// Each life of the queue has memory of its own, which is filled with a pattern when it ends and must show it
// until it is used again, kLives lives later. Thread-safety: one thread beside the queue's own; lives begin
// and end, and counters are read, only while it rests.
class LoadedQueue {
 public:
  static constexpr std::size_t kLives = 8;
  static constexpr std::uint16_t kRingSize = 32;
  static constexpr std::size_t kAreaBytes = std::size_t{8} << 10;

  LoadedQueue(std::uint16_t queue, DriverMemory& memory, std::uint64_t features, const Talk& talk,
              PciDriver& pci, WakingSlot& slot);
  ~LoadedQueue();
  LoadedQueue(const LoadedQueue&) = delete;
  LoadedQueue& operator=(const LoadedQueue&) = delete;

  [[nodiscard]] std::uint16_t vector() const { return static_cast<std::uint16_t>(1 + queue_); }

  // An empty ring in fresh memory, for PciDriver::set_queue().
  [[nodiscard]] const DriverRing& begin_life();
  // Sends requests on `session` as fast as they come back.
  void run(std::uint64_t session);
  // Sends no more. rest() is over when the thread does nothing, drain() when in addition all are back.
  void ask_to_rest();
  void rest();
  void drain();
  // The queue was reset: what had come back before counts, and the rest was never answered.
  void end_life();

  // What went wrong first; empty: nothing.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] std::uint64_t completed() const { return completed_; }
  [[nodiscard]] std::uint64_t discarded() const { return discarded_; }
  // The patterns of all lives that are over.
  void check_patterns();

 private:
  struct Slot {
    std::uint32_t number = 0;
    Bytes result;
    std::vector<Segment> chain;
    std::span<std::byte> written;
  };
  enum class Phase : std::uint8_t { kResting, kRunning, kDraining, kEnding };

  void main();
  void work();
  void enter(Phase phase);
  void wait_for_rest();
  void prepare(std::uint64_t session);
  bool send();
  bool collect();
  [[nodiscard]] static bool is_right(const Slot& slot);
  void fail(std::string what);
  void check_pattern(std::size_t life);

  const std::uint16_t queue_;
  const std::uint64_t features_;
  const Talk& talk_;
  PciDriver& pci_;
  WakingSlot& slot_;
  std::vector<Buffer> areas_;
  std::vector<bool> is_over_;
  std::size_t life_ = kLives - 1;
  std::unique_ptr<DriverMemory> area_;  // of this life
  std::unique_ptr<DriverRing> ring_;
  std::vector<Slot> slots_;
  bool is_prepared_ = false;
  std::vector<std::size_t> free_;
  std::map<std::uint32_t, std::size_t> in_flight_;  // slot by head
  std::string fault_;
  std::uint64_t completed_ = 0;
  std::uint64_t discarded_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kResting;        // under mutex_
  std::atomic<bool> is_to_stop_{false};  // sending
  std::thread thread_;
};

}  // namespace virtcrypt::test
