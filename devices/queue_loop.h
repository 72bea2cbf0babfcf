// Serves one virtqueue on an event loop: waits for kicks, takes turns, keeps faults and resets in order.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "virtcrypt/virtio/interrupt_sink.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::devices {

// Counters of one queue, written by the thread of its loop alone, read by anyone.
struct QueueStats {
  using Counter = std::atomic<std::uint64_t>;
  Counter kicks{0};
  Counter chains{0};     // popped
  Counter completed{0};  // returned to the driver
  Counter interrupts{0};
  Counter ring_faults{0};
  Counter in_flight{0};  // pieces of work that go on, not a sum
};

// One writer: no read-modify-write instruction is needed.
inline void count(QueueStats::Counter& counter, std::uint64_t by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// What one turn of a queue may take before the other queues of its loop have theirs. A chain is taken whole:
// the one that exceeds `bytes` or `ns` is the turn's last.
struct TurnBudget {
  std::uint32_t chains = 64;
  std::uint64_t bytes = std::uint64_t{1} << 20;  // of the chains' buffers
  std::uint64_t ns = 1'000'000;                  // estimated, of what is executed on the loop's thread
};

class QueueLoop;

// What the queues of one loop have in common. Outlives them.
struct LoopShare {
  // How long a queue that ran empty is looked at before the loop sleeps, where the driver comes back that
  // soon: neither has to wake the other then. 0: it is not looked at.
  std::chrono::nanoseconds poll{0};
  std::vector<const QueueLoop*> queues;
};

// Life cycle: stopped -> start() -> running -> stop(done) -> stopped. A device derives one class for each
// kind of queue. Thread-safety: public methods from any thread, they only post to the loop; protected ones on
// the loop's thread. Destroy it only when the loop runs no more.
class QueueLoop {
 public:
  // `bus_master` is read on the loop's thread: while it is false, guest memory is left alone.
  QueueLoop(asio::io_context& loop, virtio::QueueIndex index, const std::atomic<bool>& bus_master,
            const TurnBudget& budget = {});
  virtual ~QueueLoop() = default;
  QueueLoop(const QueueLoop&) = delete;
  QueueLoop& operator=(const QueueLoop&) = delete;

  // Readable after a kick; stays valid as long as this object.
  [[nodiscard]] int kick_fd() { return kick_.native_handle(); }
  [[nodiscard]] const QueueStats& stats() const { return stats_; }

  // Serves `queue` from now on, beginning with what is already available. Kicks from before are drained.
  // `kick_fd` is as ActiveQueue::kick_fd.
  void start(std::unique_ptr<virtio::Queue> queue, virtio::InterruptSink& interrupts, int kick_fd = -1);

  // Pops no more and begins no more work, from this call on; waits until nothing is in flight, drops the
  // queue, then calls `done` on the loop's thread. Chains that finish after stop() are to be discarded:
  // nothing is written for them. May be called again meanwhile, or when stopped: each `done` is called, in
  // order.
  void stop(std::function<void()> done);

  // Pops no more, waits until what was popped has been returned, drops the queue, then calls `done` on the
  // loop's thread with where it stood; with nothing when it was not running, or stop() came meanwhile.
  void drain(std::function<void(std::optional<virtio::QueuePosition>)> done);

  // From now on kicks of this queue, which is not running, are for `other`, which takes its place; nullptr:
  // they are for this one. Call it before start() of either, with both stopped.
  void relay_kicks_to(QueueLoop* other) { relay_.store(other); }

  // Makes this one of the queues of its loop. Before start() of any of them.
  void share_loop(LoopShare& share);

  // Goes on where a missing bus master bit had halted it.
  void resume();

 protected:
  // Pops and handles chains until pop() has none. False when there were none at all. Exceptions fault the
  // device.
  virtual bool run_one_batch() = 0;

  // The queue is faulted: log it.
  virtual void on_fault(const char* what) = 0;

  // What finished while there was no bus master can be returned now, or be discarded when stopping() says so.
  virtual void return_held() {}

  [[nodiscard]] bool stopping() const { return !stopped_.empty(); }
  // Any thread: stop() has been called, though the loop may not know yet. What was not begun is not to be.
  [[nodiscard]] bool called_off() const { return stops_.load(std::memory_order_acquire) > 0; }
  // Any thread.
  [[nodiscard]] bool has_bus_master() const { return bus_master_.load(std::memory_order_acquire); }

  // Puts the next chain into `chain`, which is none yet. False: ring empty, turn over, faulted, stopping, no
  // bus master.
  [[nodiscard]] bool pop(virtio::DescriptorChain& chain);

  // Returns a chain, visible with the next publish(). Not while stopping().
  void complete(virtio::DescriptorChain&& chain, std::uint32_t written);
  void publish();

  // Charges the turn with what was executed, or is about to be, on the loop's thread.
  void spend(std::uint64_t estimated_ns);

  // Only a reset helps: tells driver and log.
  void fault(const char* what);

  // Brackets work that goes on elsewhere; stop() waits for it.
  void begin_work() { count(stats_.in_flight); }
  void end_work();

  [[nodiscard]] asio::io_context& loop() { return loop_; }
  [[nodiscard]] virtio::QueueIndex index() const { return index_; }

 private:
  using KickDescriptor = asio::posix::stream_descriptor;
  void wait_for_kick();
  [[nodiscard]] std::uint64_t read_kick();
  void listen_to(int kick_fd);
  void wait_for_kick_of(const std::shared_ptr<KickDescriptor>& descriptor);
  void kick();
  void serve_unless_posted();
  void serve();
  void take_turn();
  [[nodiscard]] bool poll();
  [[nodiscard]] bool is_loop_needed() const;
  [[nodiscard]] bool needs_loop(const QueueLoop& polling) const;
  void learn_from_kick();
  void post_serve();
  [[nodiscard]] bool turn_is_over() const;
  [[nodiscard]] bool halted() const;  // guest memory is not to be touched, or not for new work
  void finish_stop_if_idle();
  void finish_drain_if_idle();
  void drop_queue();

  asio::io_context& loop_;
  const virtio::QueueIndex index_;
  const std::atomic<bool>& bus_master_;
  KickDescriptor kick_;
  const TurnBudget budget_;
  std::atomic<QueueLoop*> relay_{nullptr};
  std::atomic<std::uint32_t> stops_{0};  // calls of stop() that are not done
  std::atomic<bool> resume_posted_{false};
  QueueStats stats_;

  // The loop's thread only.
  std::unique_ptr<virtio::Queue> queue_;
  virtio::InterruptSink* interrupts_ = nullptr;
  std::vector<std::function<void()>> stopped_;  // not empty while stopping
  std::vector<std::function<void(std::optional<virtio::QueuePosition>)>>
      drained_;                                 // not empty while draining
  std::shared_ptr<KickDescriptor> outer_kick_;  // the transport's own, if there is one
  bool faulted_ = false;
  bool serve_posted_ = false;
  TurnBudget left_;  // of the turn
  const LoopShare* share_ = nullptr;
  std::chrono::steady_clock::time_point empty_since_;
  bool polls_ = false;  // the driver came back soon the last time
};

}  // namespace virtcrypt::devices
