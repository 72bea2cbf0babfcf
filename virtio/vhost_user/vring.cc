#include "virtcrypt/virtio/vhost_user/vring.h"

#include <unistd.h>

#include <utility>

namespace virtcrypt::virtio::vhost_user {
namespace {

constexpr std::uint32_t kSlotMask = 0x7fff, kWrap = 0x8000;

// An eventfd's counter that is full has its event pending anyway; whoever passed something else gets what
// that makes of 8 bytes.
void signal(const FileDescriptor& descriptor) {
  const std::uint64_t one = 1;
  if (descriptor) [[maybe_unused]]
    const ssize_t written = ::write(descriptor.get(), &one, sizeof one);
}

}  // namespace

QueuePosition decode_base(std::uint32_t base, bool packed) {
  if (!packed) return {.avail = static_cast<std::uint16_t>(base)};
  const std::uint32_t used = base >> 16U;
  return {.avail = static_cast<std::uint16_t>(base & kSlotMask),
          .used = static_cast<std::uint16_t>(used & kSlotMask),
          .avail_wrap = (base & kWrap) != 0,
          .used_wrap = (used & kWrap) != 0};
}

std::uint32_t encode_base(const QueuePosition& position, bool packed) {
  if (!packed) return position.avail;
  const auto half = [](std::uint16_t slot, bool wrap) { return std::uint32_t{slot} | (wrap ? kWrap : 0U); };
  return half(position.avail, position.avail_wrap) | half(position.used, position.used_wrap) << 16U;
}

void Vring::forget() {
  size = 0;
  address.reset();
  base.reset();
  kick = FileDescriptor();
  call_ = FileDescriptor();
  has_missed_ = false;
  error = FileDescriptor();
  enabled = true;
  inflight.reset();
}

void Vring::notify_used(QueueIndex) {
  if (!call_) has_missed_ = true;
  signal(call_);
}

void Vring::set_call(FileDescriptor descriptor) {
  call_ = std::move(descriptor);
  if (call_ && std::exchange(has_missed_, false)) signal(call_);
}

void Vring::device_needs_reset() {
  signal(error);
}

}  // namespace virtcrypt::virtio::vhost_user
