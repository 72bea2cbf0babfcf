// A driver in user space for the device of the draft (docs/rfc-v2.md): initialization in the draft's order,
// and calls through its queues.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "rfc_v2/pinned_page.h"
#include "rfc_v2/uio_interrupt.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/request_ring.h"
#include "tests/driver/rfc_v2_requests.h"

namespace virtcrypt::guest {

// A virtqueue with memory of its own.
// Thread-safety: one thread a queue.
class DraftQueue {
 public:
  DraftQueue(test::PciDriver& pci, std::uint16_t index, std::uint64_t features, std::uint16_t size);

  std::uint16_t submit(const test::Request& request);
  // Waits, looking at the ring again and again; throws std::runtime_error after 30 seconds.
  test::Answer wait(std::uint16_t head);
  test::Answer call(const test::Request& request) { return wait(submit(request)); }

 private:
  test::PciDriver& pci_;
  const std::uint16_t index_;
  PinnedPage page_;
  test::DriverMemory memory_;
  std::unique_ptr<test::RequestRing> ring_;
  std::size_t mark_ = 0;
};

// Thread-safety: queues may be used from one thread each; everything else from one thread.
class DraftDevice {
 public:
  // The function of the draft's device, wherever it is; throws std::runtime_error when there is none.
  DraftDevice();

  [[nodiscard]] std::uint64_t offered() { return pci_->offered(); }

  // Resets the device and initializes it in the draft's order (1.4.1): data queues, control queue, readiness,
  // algorithms. False when the device refuses the features. `features` with bits of the draft, rings
  // included.
  [[nodiscard]] bool initialize(std::uint64_t features);

  [[nodiscard]] std::uint16_t data_queues() const { return static_cast<std::uint16_t>(queues_.size() - 1); }
  [[nodiscard]] DraftQueue& data_queue(std::uint16_t index) { return *queues_.at(index); }
  [[nodiscard]] DraftQueue& control_queue() { return *queues_.back(); }

  // What initialize() found.
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] std::optional<std::uint32_t> algorithms() const { return algorithms_; }

  struct Created {
    std::uint8_t status;
    std::uint64_t id;
  };
  Created create(const test::rfc_v2::Session& session);
  std::uint64_t open(const test::rfc_v2::Session& session);  // throws when it is refused
  std::uint8_t close(std::uint64_t id);

  // Configuration space.
  [[nodiscard]] bool read_readiness();
  [[nodiscard]] std::uint8_t generation();

  // Sleeps until a configuration change notification; false when none came in time. Counts the interrupts
  // that came for something else.
  [[nodiscard]] bool wait_for_configuration_change(std::chrono::milliseconds timeout);
  [[nodiscard]] unsigned interrupts() const { return interrupts_; }

 private:
  std::unique_ptr<SysfsFunction> function_;
  std::unique_ptr<UioInterrupt> interrupt_;
  std::unique_ptr<test::PciDriver> pci_;
  std::vector<std::unique_ptr<DraftQueue>> queues_;  // the control queue last
  bool ready_ = true;
  std::optional<std::uint32_t> algorithms_;
  unsigned interrupts_ = 0;
};

}  // namespace virtcrypt::guest
