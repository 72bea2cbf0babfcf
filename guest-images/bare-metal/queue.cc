#include "queue.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint16_t kNext = 1;
constexpr std::uint16_t kWrite = 2;

void set_address(const Function& function, CommonRegister where, const void* what) {
  const auto address = reinterpret_cast<std::uint64_t>(what);
  function.set_common<std::uint32_t>(where, static_cast<std::uint32_t>(address));
  function.set_common<std::uint32_t>(static_cast<CommonRegister>(where + 4),
                                     static_cast<std::uint32_t>(address >> 32));
}

}  // namespace

bool Queue::enable(const Function& function, std::uint16_t index, std::uint16_t vector) {
  *this = {};
  index_ = index;
  function.set_common<std::uint16_t>(kQueueSelect, index);
  notify_offset_ = function.common<std::uint16_t>(kQueueNotifyOffset);
  function.set_common<std::uint16_t>(kQueueSize, kSize);
  function.set_common<std::uint16_t>(kQueueVector, vector);
  const bool accepted = function.common<std::uint16_t>(kQueueSize) == kSize &&
                        function.common<std::uint16_t>(kQueueVector) == vector;
  set_address(function, kQueueDescriptors, descriptors_);
  set_address(function, kQueueDriver, &available_);
  set_address(function, kQueueDevice, &used_);
  function.set_common<std::uint16_t>(kQueueEnable, 1);
  return accepted && function.common<std::uint16_t>(kQueueEnable) == 1;
}

void Queue::add(const Buffer* buffers, unsigned count) {
  const std::uint16_t head = next_descriptor_;
  for (unsigned i = 0; i < count; ++i) {
    const auto next = static_cast<std::uint16_t>((next_descriptor_ + 1) % kSize);
    const bool last = i + 1 == count;
    descriptors_[next_descriptor_] = {
        reinterpret_cast<std::uint64_t>(buffers[i].data), buffers[i].size,
        static_cast<std::uint16_t>((buffers[i].writable ? kWrite : 0) | (last ? 0 : kNext)), next};
    next_descriptor_ = next;
  }
  available_.ring[available_.index % kSize] = head;
  full_barrier();
  write_register<std::uint16_t>(reinterpret_cast<std::uint64_t>(&available_.index),
                                static_cast<std::uint16_t>(available_.index + 1));
  full_barrier();
}

bool Queue::wait_for_all() const {
  return wait_until([this] { return completed() == available_.index; });
}

std::uint32_t Queue::last_used_bytes() const {
  return read_shared(used_.ring[static_cast<std::uint16_t>(completed() - 1) % kSize].length);
}

}  // namespace virtcrypt::guest
