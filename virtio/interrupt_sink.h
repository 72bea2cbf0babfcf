// How a device reaches its driver without knowing the transport.
#pragma once

#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::virtio {

// Implemented by transports, and by tests that count. Thread-safety: any thread.
class InterruptSink {
 public:
  virtual ~InterruptSink() = default;

  // Used buffer notification (VIRTIO 1.4, 2.3). Takes no lock when message-signaled.
  virtual void notify_used(QueueIndex queue) = 0;

  // Configuration change notification. The device has changed its config space before, and the generation
  // follows.
  virtual void notify_config_change() = 0;

  // An error that only a reset mends (2.1.2): sets DEVICE_NEEDS_RESET and, on a live device, sends the
  // configuration change notification.
  virtual void device_needs_reset() = 0;
};

}  // namespace virtcrypt::virtio
