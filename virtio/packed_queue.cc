#include "virtcrypt/virtio/packed_queue.h"

#include <atomic>
#include <cstddef>
#include <cstring>
#include <utility>

#include "virtcrypt/virtio/ring_access.h"

namespace virtcrypt::virtio {
namespace {

constexpr std::size_t kFlagsOffset = offsetof(PackedDescriptor, flags);

// 2.8.14: an event suppression structure is a position (offset, wrap counter in bit 15) and, in the upper
// half of the 32 bits, the flags. Both are written and read at once.
constexpr std::size_t kEventBytes = 4;
constexpr std::uint32_t kEventOffsetMask = 0x7FFF;
constexpr std::uint32_t kEventWrap = 0x8000;
constexpr std::uint32_t kEventFlagsMask = 3;

constexpr std::uint32_t event_of(std::uint16_t flags, std::uint16_t slot = 0, bool wrap = false) {
  return std::uint32_t{flags} << 16 | slot | (wrap ? kEventWrap : 0);
}

// 2.8.1: available when AVAIL equals the wrap counter and USED does not.
constexpr bool is_available(std::uint16_t flags, bool wrap) {
  return ((flags & kDescriptorAvail) != 0) == wrap && ((flags & kDescriptorUsed) != 0) != wrap;
}

}  // namespace

RingResult<std::unique_ptr<Queue>> PackedQueue::create(const QueueConfig& config, const GuestMemory& memory,
                                                       FeatureSet negotiated, const QueueResume* resume) {
  if (config.size == 0 || config.size > kMaxQueueSize) return fault(RingFault::kBadQueueSize);
  if (to_integer(config.descriptor_area) % 16 != 0 || to_integer(config.driver_area) % 4 != 0 ||
      to_integer(config.device_area) % 4 != 0) {
    return fault(RingFault::kBadRingAddress);
  }
  const auto ring = memory.range(config.descriptor_area, kDescriptorBytes * config.size);
  const auto driver_event = memory.range(config.driver_area, kEventBytes);
  const auto device_event = memory.range(config.device_area, kEventBytes);
  if (!ring || !driver_event || !device_event) return fault(RingFault::kBadRingAddress);
  if (!is_aligned(*ring, 2) || !is_aligned(*driver_event, 4) || !is_aligned(*device_event, 4))
    return fault(RingFault::kBadRingAddress);
  std::unique_ptr<PackedQueue> queue(
      new PackedQueue(config, memory, negotiated, Areas{*ring, *driver_event, *device_event}));
  if (resume != nullptr) {
    const QueuePosition& at = resume->position;
    if (at.avail >= config.size || at.used >= config.size) return fault(RingFault::kBadQueueSize);
    queue->next_avail_ = {.slot = at.avail, .wrap = at.avail_wrap};
    queue->next_used_ = {.slot = at.used, .wrap = at.used_wrap};
  }
  return std::unique_ptr<Queue>(std::move(queue));
}

QueuePosition PackedQueue::position() const {
  return {.avail = next_avail_.slot,
          .used = next_used_.slot,
          .avail_wrap = next_avail_.wrap,
          .used_wrap = next_used_.wrap};
}

PackedQueue::PackedQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated,
                         const Areas& areas)
    : RingQueue(config, memory, negotiated), areas_(areas) {}

std::uint16_t PackedQueue::load_flags(std::uint16_t slot, std::memory_order order) const {
  return load_field<std::uint16_t>(areas_.ring, kDescriptorBytes * slot + kFlagsOffset, order);
}

void PackedQueue::advance(Position& position, std::uint16_t slots) const {
  const std::uint32_t slot = std::uint32_t{position.slot} + slots;  // `slots` is at most the size
  if (slot >= size()) position.wrap = !position.wrap;
  position.slot = static_cast<std::uint16_t>(slot >= size() ? slot - size() : slot);
}

RingResult<bool> PackedQueue::collect_next(ChainStorage& chain) {
  // PACKED-DEV-006. Acquire: pairs with the driver's release of the first descriptor's flags, which it writes
  // last; the rest of the chain is visible after this load.
  const std::uint16_t flags = load_flags(next_avail_.slot, std::memory_order_acquire);
  if (!is_available(flags, next_avail_.wrap)) return false;
  Position at = next_avail_;
  if (const auto collected = collect_from(at, flags, chain); !collected) return fault(collected.error());
  // The specification bounds ids by their 16 bits alone, and the device only hands them back, so any value is
  // taken; but the driver uses one that is free (2.8.21.1).
  if (ids_in_flight_[chain.head]) return fault(RingFault::kIdInFlight);
  ids_in_flight_.set(chain.head);
  taken_slots_ = static_cast<std::uint16_t>(taken_slots_ + chain.slots);
  next_avail_ = at;
  return true;
}

// Walks the chain that starts at `at`, whose first descriptor's flags have been read, and leaves `at` behind
// its last one.
RingResult<void> PackedQueue::collect_from(Position& at, std::uint16_t flags, ChainStorage& chain) {
  for (std::uint16_t slots = 1;; ++slots) {
    // PACKED-DRV-002: the driver leaves slots alone until their buffers are used.
    if (taken_slots_ + slots > size()) return fault(RingFault::kSlotInFlight);
    const auto descriptor =
        copy_descriptor<PackedDescriptor>(areas_.ring.data() + kDescriptorBytes * at.slot);
    note({descriptor.address, descriptor.length, flags, at.slot, 0, false});
    advance(at, 1);
    if (flags & kDescriptorIndirect) {
      // PACKED-DRV-015: an indirect descriptor is a chain of its own.
      if (slots > 1 || flags & kDescriptorNext) return fault(RingFault::kIndirectWithNext);
      if (auto added = collect_indirect(descriptor, chain); !added) return added;
    } else if (auto added = add_buffer(descriptor.address, descriptor.length, flags, chain); !added) {
      return added;
    }
    if (!(flags & kDescriptorNext)) {
      chain.head = descriptor.id;  // 2.8.6: the last descriptor's
      chain.slots = slots;
      return {};
    }
    if (slots == size()) return fault(RingFault::kChainTooLong);  // PACKED-DRV-007
    // PACKED-DRV-011: what follows was made available before the first descriptor.
    flags = load_flags(at.slot, std::memory_order_relaxed);
    if (!is_available(flags, at.wrap)) return fault(RingFault::kChainNotAvailable);
  }
}

RingResult<void> PackedQueue::collect_indirect(const PackedDescriptor& descriptor, ChainStorage& chain) {
  const auto table = indirect_table(descriptor.address, descriptor.length);
  if (!table) return fault(table.error());
  for (std::size_t offset = 0; offset < table->size(); offset += kDescriptorBytes) {
    const auto entry = copy_descriptor<PackedDescriptor>(table->data() + offset);
    note({entry.address, entry.length, entry.flags, static_cast<std::uint16_t>(offset / kDescriptorBytes), 0,
          true});
    // 2.8.7: WRITE is the only flag that counts here, and the length of the table its end.
    if (auto added = add_buffer(entry.address, entry.length, entry.flags, chain); !added) return added;
  }
  return {};
}

bool PackedQueue::has_available() const {
  return !is_faulted() &&
         is_available(load_flags(next_avail_.slot, std::memory_order_relaxed), next_avail_.wrap);
}

void PackedQueue::put_used(const ChainStorage& chain, std::uint32_t written) {
  std::byte* descriptor = areas_.ring.data() + kDescriptorBytes * next_used_.slot;
  const Le32 length = written;
  const Le16 id = chain.head;
  std::memcpy(descriptor + offsetof(PackedDescriptor, length), &length, sizeof length);
  std::memcpy(descriptor + offsetof(PackedDescriptor, id), &id, sizeof id);
  std::uint16_t flags = written > 0 ? kDescriptorWrite : std::uint16_t{0};  // 2.8.4
  if (next_used_.wrap) flags |= kDescriptorAvail | kDescriptorUsed;
  if (!first_used_) {
    first_used_ = FirstUsed{next_used_.slot, flags};
  } else {
    // The driver looks at one descriptor, the first (2.8.2): none of these is seen before it is.
    store_field(areas_.ring, kDescriptorBytes * next_used_.slot + kFlagsOffset, flags,
                std::memory_order_release);
  }
  if (observer() != nullptr) observer()->slot_written(next_used_.slot);
  ids_in_flight_.reset(chain.head);
  unpublished_slots_ = static_cast<std::uint16_t>(unpublished_slots_ + chain.slots);
  advance(next_used_, chain.slots);
}

bool PackedQueue::publish() {
  if (!first_used_) return false;
  // Release: all that was put is visible before. Sequentially consistent because the driver's event
  // suppression is read next, while the driver writes that and then reads these flags: one of the two must
  // see the other's store (2.8.10).
  store_field(areas_.ring, kDescriptorBytes * first_used_->slot + kFlagsOffset, first_used_->flags,
              std::memory_order_seq_cst);
  first_used_.reset();
  taken_slots_ = static_cast<std::uint16_t>(taken_slots_ - unpublished_slots_);
  return driver_wants_interrupt(std::exchange(unpublished_slots_, std::uint16_t{0}));
}

bool PackedQueue::driver_wants_interrupt(std::uint16_t published_slots) const {
  const auto event = load_field<std::uint32_t>(areas_.driver_event, 0, std::memory_order_seq_cst);
  const std::uint32_t flags = event >> 16 & kEventFlagsMask;
  if (flags == kRingEventDisable) return false;
  // The reserved value, and a position without EVENT_IDX, enable: an interrupt too many is harmless.
  if (flags != kRingEventDescriptor || !event_idx()) return true;
  // How far behind next_used_ the named slot is, its lap taken for this one or the one before. A slot that is
  // still ahead comes out as zero, negative, or more than a lap.
  const bool same_lap = ((event & kEventWrap) != 0) == next_used_.wrap;
  const std::int32_t behind = std::int32_t{next_used_.slot} -
                              static_cast<std::int32_t>(event & kEventOffsetMask) +
                              (same_lap ? 0 : std::int32_t{size()});
  return behind > 0 && behind <= published_slots;
}

void PackedQueue::disable_notifications() {
  store_field(areas_.device_event, 0, event_of(kRingEventDisable), std::memory_order_relaxed);
}

bool PackedQueue::enable_notifications() {
  if (is_faulted()) return false;
  const std::uint32_t event = event_idx() ? event_of(kRingEventDescriptor, next_avail_.slot, next_avail_.wrap)
                                          : event_of(kRingEventEnable);
  // Sequentially consistent: the driver writes descriptor flags and then reads this, we write this and then
  // read descriptor flags.
  store_field(areas_.device_event, 0, event, std::memory_order_seq_cst);
  return is_available(load_flags(next_avail_.slot, std::memory_order_seq_cst), next_avail_.wrap);
}

}  // namespace virtcrypt::virtio
