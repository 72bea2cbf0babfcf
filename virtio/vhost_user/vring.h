// One ring of a vhost-user device: what its front-end has said of it, and how it is told of used buffers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "virtcrypt/virtio/file_descriptor.h"
#include "virtcrypt/virtio/interrupt_sink.h"
#include "virtcrypt/virtio/queue.h"
#include "virtcrypt/virtio/split_inflight.h"
#include "virtcrypt/virtio/vhost_user/protocol.h"

namespace virtcrypt::virtio::vhost_user {

// SET_VRING_BASE and GET_VRING_BASE: split, the available index; packed, both positions with the wrap counter
// above each.
[[nodiscard]] QueuePosition decode_base(std::uint32_t base, bool packed);
[[nodiscard]] std::uint32_t encode_base(const QueuePosition& position, bool packed);

// Thread-safety: fields by the transport's thread, those that the device's threads read only while the ring
// is not running; InterruptSink as it says.
class Vring final : public InterruptSink {
 public:
  explicit Vring(QueueIndex queue) : index(queue) {}

  // As a device without a front-end has it.
  void forget();
  // While it is not running. A front-end that sets the first one late hears at once of what was used before.
  void set_call(FileDescriptor descriptor);

  void notify_used(QueueIndex queue) override;
  void notify_config_change() override {}
  void device_needs_reset() override;

  const QueueIndex index;
  std::uint16_t size = 0;
  std::optional<VringAddress> address;
  std::optional<std::uint32_t> base;  // nothing: a new ring's
  FileDescriptor kick;
  FileDescriptor error;
  bool enabled = true;
  bool running = false;
  std::unique_ptr<SplitInflight> inflight;

 private:
  FileDescriptor call_;
  bool has_missed_ = false;  // notifications, for want of a descriptor
};

}  // namespace virtcrypt::virtio::vhost_user
