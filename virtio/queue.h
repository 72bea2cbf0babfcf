// What a device needs of a virtqueue, whatever its ring format (VIRTIO 1.4, 2.6).
#pragma once

#include <cstdint>
#include <memory>

#include "virtcrypt/virtio/descriptor_chain.h"
#include "virtcrypt/virtio/features.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/ring_fault.h"

namespace virtcrypt::virtio {

class RingObserver;
class SplitInflight;

enum class QueueIndex : std::uint16_t {};

[[nodiscard]] constexpr std::uint16_t to_integer(QueueIndex index) {
  return static_cast<std::uint16_t>(index);
}

// What the driver programs before it enables a queue. The guest controls every field.
struct QueueConfig {
  std::uint16_t size = 0;
  GuestAddress descriptor_area{};
  GuestAddress driver_area{};  // split: avail ring; packed: driver event suppression
  GuestAddress device_area{};  // split: used ring; packed: device event suppression
};

// Where a queue stands in its ring, for another one that is to go on there.
struct QueuePosition {
  // Split: indices that run on, as in the ring; packed: slots, with the ring wrap counters there (2.8.1).
  std::uint16_t avail = 0;
  std::uint16_t used = 0;
  bool avail_wrap = true;
  bool used_wrap = true;
  friend bool operator==(const QueuePosition&, const QueuePosition&) = default;
};

// How a queue begins that goes on where another one ended, as those of vhost-user do.
struct QueueResume {
  // Of a split queue the used index is taken from the ring.
  QueuePosition position;
  // It is not known whether the driver negotiated EVENT_IDX. Split queues only.
  bool event_idx_unknown = false;
  // Split queues: what was taken and not returned comes first; what is taken from now on is written there.
  // May be null; outlives the queue.
  SplitInflight* inflight = nullptr;
};

// A running virtqueue. Once an operation has returned a fault the queue stays faulted: pop() repeats the
// fault. What was popped before it can still be completed. Thread-safety: one thread, the one that serves the
// queue.
class Queue {
 public:
  virtual ~Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  [[nodiscard]] virtual std::uint16_t size() const = 0;

  // Takes the next available chain off the ring and puts it into `chain`, which is none yet. False when the
  // ring is empty.
  [[nodiscard]] virtual RingResult<bool> pop(DescriptorChain& chain) = 0;

  // Whether a chain is available at this moment, for those who look again and again.
  [[nodiscard]] virtual bool has_available() const = 0;

  // Returns a chain, any order, saying how many bytes of it were written, counted from its first writable
  // byte. The driver sees it with the next publish(); with IN_ORDER with the next one after all chains that
  // were popped before it have been completed too.
  virtual void complete(DescriptorChain&& chain, std::uint32_t written) = 0;

  // Makes all that was completed visible in one update. True when the driver wants a used buffer
  // notification.
  [[nodiscard]] virtual bool publish() = 0;

  // Tells the driver that available buffer notifications are not needed. A hint: they may come all the same.
  virtual void disable_notifications() = 0;

  // Asks for them again and then looks once more. True when chains have become available meanwhile, for which
  // the driver need not notify.
  [[nodiscard]] virtual bool enable_notifications() = 0;

  // Where it stands, with all that was popped completed and published.
  [[nodiscard]] virtual QueuePosition position() const = 0;

  // Shows what the driver does to somebody. Before the first pop().
  virtual void set_observer(std::unique_ptr<RingObserver> observer) = 0;

 protected:
  Queue() = default;
};

// Makes the running queue for what the driver has programmed and negotiated; a new one, or one that goes on.
[[nodiscard]] RingResult<std::unique_ptr<Queue>> make_queue(const QueueConfig& config,
                                                            const GuestMemory& memory, FeatureSet negotiated,
                                                            const QueueResume* resume = nullptr);

}  // namespace virtcrypt::virtio
