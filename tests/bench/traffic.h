// Requests through a device of this process, as fast as a driver and the device go.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/bench/lean_ring.h"
#include "tests/bench/subject.h"
#include "tests/driver/function_access.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/test_memory.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::bench {

struct TrafficOptions {
  std::size_t bytes = 64;     // of text
  std::uint16_t depth = 256;  // requests in flight on each queue
  std::uint16_t queues = 1;   // each with an I/O thread and a driver thread of its own
  bool packed = false;
  bool indirect = true;
  bool stateless = false;
  std::uint32_t sessions = 1;  // that are open; requests take them in turn
  // One thread is driver and device by turns, and the device's turns alone are counted.
  bool by_turns = false;
  unsigned poll_us = 50;  // as devices::crypto_dev::DeviceOptions::poll
};

struct Latency {
  double median_us = 0;
  double p99_us = 0;
};

// Thread-safety: one thread.
class Traffic {
 public:
  // Throws std::runtime_error when the device refuses the session.
  Traffic(const Subject& subject, const TrafficOptions& options,
          std::unique_ptr<const crypto::Engine> engine);
  ~Traffic();

  // Requests a second over all queues. Throws std::runtime_error when a result is wrong.
  [[nodiscard]] double run(std::chrono::milliseconds time);

  // Sessions created and destroyed, in pairs a second; `depth` of them at a time, on the control queue.
  [[nodiscard]] double churn(std::chrono::milliseconds time);

  // Of single requests, from making one available to seeing it used; the device is otherwise idle.
  [[nodiscard]] Latency latency(std::chrono::milliseconds time);

 private:
  // A slot without interrupts: the drivers look at their rings.
  class SilentSlot final : public virtio::pci::Slot {
   public:
    void map_bar(unsigned, std::uint64_t, std::uint64_t) override {}
    void unmap_bar(unsigned) override {}
    void route_msix(std::uint16_t, const virtio::pci::MsiMessage&) override {}
    void signal_msix(std::uint16_t) override {}
    void set_intx(bool) override {}
  };
  struct Queue {
    std::unique_ptr<LeanRing> ring;
    std::vector<std::span<std::byte>> results;      // of each chain
    std::vector<std::span<std::byte>> statuses;     // a byte each
    std::vector<std::span<std::byte>> session_ids;  // in the requests, where sessions take turns
    std::size_t next_session = 0;
    std::uint64_t completed = 0;
    bool broken = false;  // not just the chains that were in flight came back
  };

  void start(std::uint64_t features);
  [[nodiscard]] std::uint16_t segment_count(const test::Request& request);
  void open_sessions();
  void place_control_requests();
  void control(std::span<const std::uint16_t> chains);
  [[nodiscard]] std::uint64_t created(std::uint16_t chain) const;
  void add(Queue& queue, std::uint16_t chain);
  void place_requests();
  [[nodiscard]] double run_with_threads(std::chrono::milliseconds time);
  [[nodiscard]] double run_by_turns(std::chrono::milliseconds time);
  [[nodiscard]] std::size_t turn_over(Queue& queue);
  void drive(std::uint16_t index, const std::atomic<bool>& stop);
  void kick_if_wanted(std::uint16_t index);
  void check_chains() const;
  void check_results() const;

  const Subject& subject_;
  const TrafficOptions options_;
  const test::Bytes text_;
  const test::Bytes expected_;
  test::TestMemory memory_;
  SilentSlot slot_;
  devices::crypto_dev::Device* device_ = nullptr;  // the function's
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<test::FunctionAccess> access_;
  std::unique_ptr<test::PciDriver> pci_;
  std::vector<Queue> queues_;
  // Chains 0 to depth - 1 create a session each, those behind them destroy one.
  std::unique_ptr<LeanRing> control_;
  std::vector<std::span<const std::byte>> create_answers_, destroy_answers_;
  std::vector<std::span<std::byte>> ids_to_destroy_;
  std::vector<std::uint64_t> sessions_;  // that stay open
};

}  // namespace virtcrypt::bench
