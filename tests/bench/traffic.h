// Requests through a device, as fast as a driver of this process and the device go.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/bench/lean_ring.h"
#include "tests/bench/measured_device.h"
#include "tests/bench/result_check.h"
#include "tests/bench/subject.h"
#include "tests/driver/pci_driver.h"

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

// The device does not have the algorithm.
class SessionRefused : public std::runtime_error {
  using runtime_error::runtime_error;
};

// The device answers requests with a status that is not OK.
class RequestRefused : public std::runtime_error {
  using runtime_error::runtime_error;
};

// Thread-safety: one thread.
class Traffic {
 public:
  // Through a device of this process.
  Traffic(const Subject& subject, const TrafficOptions& options,
          std::unique_ptr<const crypto::Engine> engine);
  // Through a peer's, which has threads of its own; without those features that it does not offer. Throws
  // SessionRefused; std::bad_alloc when its memory does not hold the requests; std::runtime_error when it
  // cannot be driven so.
  Traffic(const Subject& subject, const TrafficOptions& options, conformance::Target& peer);

  // What is driven, with the features that were had.
  [[nodiscard]] const TrafficOptions& options() const { return options_; }

  // Requests a second over all queues. Throws RequestRefused, and std::runtime_error when a result is wrong.
  [[nodiscard]] double run(std::chrono::milliseconds time);

  // Sessions created and destroyed, in pairs a second; `depth` of them at a time, or as many as the control
  // queue holds.
  [[nodiscard]] double churn(std::chrono::milliseconds time);

  // Of single requests, from making one available to seeing it used; the device is otherwise idle.
  [[nodiscard]] Latency latency(std::chrono::milliseconds time);

 private:
  struct Queue {
    std::unique_ptr<LeanRing> ring;
    // Of each chain: all that is writable before the status.
    std::vector<std::vector<std::span<std::byte>>> results;
    std::vector<std::span<std::byte>> statuses;     // a byte each
    std::vector<std::span<std::byte>> session_ids;  // in the requests, where sessions take turns
    std::size_t next_session = 0;
    std::uint64_t completed = 0;
    bool broken = false;  // not just the chains that were in flight came back
    std::byte failure{};  // a status that is not OK
  };

  Traffic(const Subject& subject, const TrafficOptions& options, std::unique_ptr<MeasuredDevice> device);
  void start();
  [[nodiscard]] std::unique_ptr<LeanRing> set_up_queue(std::uint16_t index, const RingShape& shape);
  [[nodiscard]] std::uint16_t most_descriptors(std::uint16_t queue);
  [[nodiscard]] std::uint16_t most_control_chains(RingShape shape);
  [[nodiscard]] std::uint16_t segment_count(const test::Request& request);
  void open_sessions();
  void place_control_requests();
  void control(std::span<const std::uint16_t> chains);
  [[nodiscard]] std::uint64_t created(std::uint16_t chain) const;
  void add(Queue& queue, std::uint16_t chain);
  void look_at_status(Queue& queue, std::uint16_t chain) const;
  void place_requests();
  [[nodiscard]] double run_with_threads(std::chrono::milliseconds time);
  [[nodiscard]] double run_by_turns(std::chrono::milliseconds time);
  [[nodiscard]] std::size_t turn_over(Queue& queue);
  void drive(std::uint16_t index, const std::atomic<bool>& stop);
  void kick_if_wanted(std::uint16_t index, LeanRing& ring);
  static void wait_for_one(LeanRing& ring);
  void check_chains() const;
  void check_results() const;
  void check_result(const Queue& queue, std::size_t chain) const;

  const Subject& subject_;
  const test::Bytes text_;
  const ResultCheck check_;
  const std::unique_ptr<MeasuredDevice> device_;
  test::DriverMemory& memory_;
  test::PciDriver pci_;
  const std::uint64_t features_;
  const TrafficOptions options_;
  std::vector<Queue> queues_;
  // Chains 0 to control_depth_ - 1 create a session each, those behind them destroy one.
  std::unique_ptr<LeanRing> control_;
  std::uint16_t control_index_ = 0;
  std::uint16_t control_depth_ = 0;
  std::vector<std::span<const std::byte>> create_answers_, destroy_answers_;
  std::vector<std::span<std::byte>> ids_to_destroy_;
  std::vector<std::uint64_t> sessions_;  // that stay open
};

}  // namespace virtcrypt::bench
