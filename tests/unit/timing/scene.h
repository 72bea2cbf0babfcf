// Two requests on their way through a device, stopped at a place of one's choice.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/unit/timing/steered_engine.h"
#include "tests/unit/timing/talk.h"

namespace virtcrypt::test {

// How far the requests have come when something happens.
enum class Stage : std::uint8_t {
  kAvailable,  // on the ring, the I/O thread busy with another queue
  kPopped,     // the first of them, nothing read of it
  kParsed,     // the first of them, its session found
  kLoopExecution,
  kLoopMidway,  // one executed, one not
  kLoopExecuted,
  kPoolWaiting,  // handed off, the worker busy
  kPoolExecution,
  kPoolMidway,
  kPoolExecuted,
  kPoolDone,  // the worker has finished, the I/O thread busy with another queue
  kReturning,
  kSecondReturning,
  kInterrupt,
  kSignal,
};
constexpr int kStages = 15;
[[nodiscard]] std::string_view name_of(Stage stage);

// Whether the answers are in the ring, or will be whatever the driver asks for: the I/O thread does nothing
// else before.
[[nodiscard]] constexpr bool is_beyond_recall(Stage stage) {
  return (stage >= Stage::kLoopExecution && stage <= Stage::kLoopExecuted) || stage >= Stage::kPoolDone;
}
// Whether no operation has begun.
[[nodiscard]] constexpr bool is_unexecuted(Stage stage) {
  return stage <= Stage::kParsed || stage == Stage::kPoolWaiting;
}

// A device with four data queues, two I/O threads and a worker, and a driver. Queue 1 is observed, queue 3
// shares its thread, queue 0 and the control queue have the other thread. Thread-safety: one driver thread.
class Scene {
 public:
  Scene(bool packed, bool is_draft);
  ~Scene() { steering_.gates.open_all(); }

  static constexpr std::uint16_t kQueue = 1, kNeighbour = 3, kFarQueue = 0;
  static constexpr std::uint16_t kVector = 1 + kQueue;

  // From a device that is reset: two sessions, two requests on queue 1, and these at `stage`.
  void bring_to(Stage stage);
  void let_go() { steering_.gates.open_all(); }

  [[nodiscard]] CryptoDriver& driver() { return driver_; }
  [[nodiscard]] PciDriver& pci() { return driver_.pci(); }
  [[nodiscard]] Steering& steering() { return steering_; }
  [[nodiscard]] FakeSlot& slot() { return slot_.record(); }
  [[nodiscard]] const Talk& talk() const { return talk_; }
  [[nodiscard]] std::uint64_t session() const { return session_; }

  // One of the two requests.
  struct Sent {
    std::uint16_t head;
    std::uint32_t number;
    std::span<std::byte> written;
    int returned = 0;  // times
    std::uint32_t used_length = 0;
  };
  [[nodiscard]] std::array<Sent, 2>& sent() { return sent_; }
  // Takes in what came back on queue 1; returns how many chains that were.
  int collect();
  // Until both requests are back; false after 20 seconds.
  bool wait_for_both();
  // Until what was sent on the other queues is back; throws after 20 seconds.
  void wait_for_others();

  // Lets both I/O threads finish what they are at. Queues 0 and 3, which must be idle, are reset for that.
  void settle();
  // Whether neither guest memory nor the counts of interrupts change for a while. The device must be at rest.
  [[nodiscard]] bool is_quiet();
  // Whether a new request on queue 1 comes back right.
  [[nodiscard]] bool works(std::uint64_t session);

 private:
  Sent put(std::uint16_t queue, std::uint64_t session);
  void send_both();
  void send_other(std::uint16_t queue, std::uint64_t estimated_ns);
  void reach(Place place);
  void reset_queue(std::uint16_t queue);

  Steering steering_;
  GatedSlot slot_;
  const Talk talk_;
  CryptoDriver driver_;
  std::uint64_t session_ = 0;
  std::uint64_t other_session_ = 0;
  std::uint32_t next_number_ = 0;
  std::array<Sent, 2> sent_{};
  std::vector<std::uint16_t> others_;  // queues with one request each
};

}  // namespace virtcrypt::test
