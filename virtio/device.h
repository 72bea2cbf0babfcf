// A virtio device as a transport sees it. The transport owns status and negotiation and calls the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "virtcrypt/virtio/features.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/interrupt_sink.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::virtio {

// Device types (VIRTIO 1.4, 5).
enum class DeviceType : std::uint16_t {
  kCrypto = 20,
  kExperimental = 0xFFFF,  // none of the standard's
};

// A queue that the driver has enabled, on its way to the device.
struct ActiveQueue {
  QueueIndex index{};
  std::unique_ptr<Queue> queue;
  // Readable after an available buffer notification, beside the device's kick_fd(); the device closes it when
  // the queue ends. -1: none. Pollable and non-blocking; a read returns how often it was kicked.
  int kick_fd = -1;
};

// Everything that activation hands over. References outlive the device's next reset.
struct Activation {
  FeatureSet negotiated;
  std::vector<ActiveQueue> queues;  // the enabled ones, ascending; others were not configured by the driver
  InterruptSink& interrupts;
};

// Life cycle: constructed -> activate() -> reset() -> activate() ... A device that is not active touches no
// guest memory and sends nothing. Thread-safety: methods are called by one thread at a time (the transport's
// lock), but for those that say otherwise; none of them may block on work of the data path.
class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;
  VirtioDevice(const VirtioDevice&) = delete;
  VirtioDevice& operator=(const VirtioDevice&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;  // for logs, one a machine
  [[nodiscard]] virtual DeviceType type() const = 0;
  [[nodiscard]] virtual FeatureSet offered_features() const = 0;

  // Whether a subset of the offered features makes sense (2.2.2). VERSION_1 has been checked.
  [[nodiscard]] virtual bool accepts(FeatureSet subset) const = 0;

  [[nodiscard]] virtual std::uint16_t queue_count() const = 0;
  [[nodiscard]] virtual std::uint16_t max_queue_size(QueueIndex queue) const = 0;

  // An eventfd that is readable after an available buffer notification for `queue`; constant, owned by the
  // device. Notifications that come before activation have no effect.
  [[nodiscard]] virtual int kick_fd(QueueIndex queue) const = 0;

  // Device-specific configuration (2.5). The generation changes with the content.
  [[nodiscard]] virtual std::size_t config_bytes() const = 0;
  virtual void read_config(std::size_t offset, std::span<std::byte> data) const = 0;
  virtual void write_config(std::size_t offset, std::span<const std::byte> data) = 0;
  [[nodiscard]] virtual std::uint8_t config_generation() const = 0;

  // DRIVER_OK: serve these queues, starting with what is already available.
  virtual void activate(Activation activation) = 0;

  // RING_RESET (2.6.1): serve one more queue of an active device, one that was not enabled or has been reset,
  // starting with what is already available.
  virtual void activate_queue(ActiveQueue queue, InterruptSink& interrupts) = 0;

  // RING_RESET: ends all work of one queue of an active device and drops it, then calls `done` exactly once,
  // from any thread but not before reset_queue() has returned. When `done` is called nothing of this device
  // will touch that queue's memory, or interrupt the guest for it, any more. A reset() that comes meanwhile
  // is done after it.
  virtual void reset_queue(QueueIndex queue, std::function<void()> done) = 0;

  // Ends one queue of an active device in such a way that another one can go on where it ended: takes no more
  // chains, finishes and returns those that it has taken, drops the queue, then calls `done` exactly once,
  // from any thread, with the place where it stood; with nothing when the queue was not running, or a reset
  // came meanwhile. When `done` is called nothing of this device will touch that queue's memory any more. The
  // transport keeps the bus master bit set meanwhile.
  virtual void suspend_queue(QueueIndex queue, std::function<void(std::optional<QueuePosition>)> done) = 0;

  // A queue could not be started with what the driver programmed; the transport has set DEVICE_NEEDS_RESET
  // instead of activating. For the device's log and counters.
  virtual void report_fault(QueueIndex queue, RingFault fault) = 0;

  // Ends all work, drops all state, then calls `done` exactly once, from any thread, possibly before reset()
  // returns. When `done` is called nothing of this device will touch guest memory or interrupt the guest any
  // more. Called without the transport's lock; never while an earlier reset is under way.
  virtual void reset(std::function<void()> done) = 0;

  // Whether the device may access guest memory (PCI Bus Master Enable). While it may not, it neither pops
  // chains nor returns any; it goes on where it stopped.
  virtual void set_bus_master(bool enabled) = 0;

 protected:
  VirtioDevice() = default;
};

}  // namespace virtcrypt::virtio
