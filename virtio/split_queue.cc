#include "virtcrypt/virtio/split_queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

#include "virtcrypt/virtio/ring_access.h"
#include "virtcrypt/virtio/split_inflight.h"

namespace virtcrypt::virtio {
namespace {

// 2.7: offsets inside the avail ring (flags, idx, ring[size], used_event) and the used ring (flags, idx,
// ring[size], avail_event), in bytes.
constexpr std::size_t kFlagsOffset = 0;
constexpr std::size_t kIndexOffset = 2;
constexpr std::size_t kRingOffset = 4;

constexpr std::size_t avail_bytes(std::size_t size) {
  return kRingOffset + 2 * size + 2;
}
constexpr std::size_t used_bytes(std::size_t size) {
  return kRingOffset + sizeof(UsedElement) * size + 2;
}

}  // namespace

RingResult<std::unique_ptr<Queue>> SplitQueue::create(const QueueConfig& config, const GuestMemory& memory,
                                                      FeatureSet negotiated, const QueueResume* resume) {
  if (!std::has_single_bit(config.size) || config.size > kMaxQueueSize)
    return fault(RingFault::kBadQueueSize);
  if (to_integer(config.descriptor_area) % 16 != 0 || to_integer(config.driver_area) % 2 != 0 ||
      to_integer(config.device_area) % 4 != 0) {
    return fault(RingFault::kBadRingAddress);
  }
  const auto descriptors = memory.range(config.descriptor_area, sizeof(SplitDescriptor) * config.size);
  const auto avail = memory.range(config.driver_area, avail_bytes(config.size));
  const auto used = memory.range(config.device_area, used_bytes(config.size));
  if (!descriptors || !avail || !used) return fault(RingFault::kBadRingAddress);
  if (!is_aligned(*avail, 2) || !is_aligned(*used, 2)) return fault(RingFault::kBadRingAddress);
  std::unique_ptr<SplitQueue> queue(
      new SplitQueue(config, memory, negotiated, Areas{*descriptors, *avail, *used}));
  if (resume != nullptr) queue->resume(*resume);
  return std::unique_ptr<Queue>(std::move(queue));
}

SplitQueue::SplitQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated,
                       const Areas& areas)
    : RingQueue(config, memory, negotiated), areas_(areas) {}

void SplitQueue::resume(const QueueResume& from) {
  event_idx_unknown_ = from.event_idx_unknown;
  inflight_ = from.inflight;
  next_used_ = published_used_ =
      load_field<std::uint16_t>(areas_.used, kIndexOffset, std::memory_order_acquire);
  next_avail_ = from.position.avail;
  if (inflight_ == nullptr) return;
  resubmitted_ = inflight_->recover(published_used_);
  // What the last one had taken is what it returned and what is in flight, whatever the transport believes.
  if (inflight_->is_recovered())
    next_avail_ = static_cast<std::uint16_t>(published_used_ + resubmitted_.size());
  std::reverse(resubmitted_.begin(), resubmitted_.end());
}

QueuePosition SplitQueue::position() const {
  return {.avail = next_avail_, .used = next_used_};
}

// What was in flight when the queue before this one ended.
RingResult<bool> SplitQueue::collect_again(ChainStorage& chain) {
  chain.head = resubmitted_.back();
  resubmitted_.pop_back();
  if (const auto collected = collect(chain.head, chain); !collected) return fault(collected.error());
  return true;
}

RingResult<bool> SplitQueue::collect_next(ChainStorage& chain) {
  if (!resubmitted_.empty()) return collect_again(chain);
  // Pairs with the driver's release of idx: what idx covers is visible after this load (2.7.13.3.1).
  const auto avail_index = load_field<std::uint16_t>(areas_.avail, kIndexOffset, std::memory_order_acquire);
  if (observer() != nullptr) observer()->avail_index_read(avail_index);
  const auto pending = static_cast<std::uint16_t>(avail_index - next_avail_);
  if (pending == 0) return false;
  // A driver has as many descriptors as the queue is long: what it makes available before it got earlier ones
  // back cannot be more. This also bounds what is in flight here.
  const auto outstanding = static_cast<std::uint16_t>(avail_index - published_used_);
  if (pending > size() || outstanding > size()) return fault(RingFault::kAvailIndexAhead);
  const std::size_t slot = next_avail_ % size();
  chain.head = load_field<std::uint16_t>(areas_.avail, kRingOffset + 2 * slot, std::memory_order_relaxed);
  if (const auto collected = collect(chain.head, chain); !collected) return fault(collected.error());
  ++next_avail_;
  if (inflight_ != nullptr) inflight_->taken(chain.head);
  return true;
}

RingResult<void> SplitQueue::collect(std::uint16_t head, ChainStorage& chain) {
  if (head >= size()) return fault(RingFault::kHeadOutOfRange);
  std::uint16_t index = head;
  for (std::uint32_t steps = 0; steps < size(); ++steps) {
    const auto descriptor =
        copy_descriptor<SplitDescriptor>(areas_.descriptors.data() + kDescriptorBytes * index);
    const std::uint16_t flags = descriptor.flags;
    note({descriptor.address, descriptor.length, flags, index, descriptor.next, false});
    if (flags & kDescriptorIndirect) {
      // SPLIT-DRV: an indirect descriptor ends its chain (2.7.5.3.1).
      if (flags & kDescriptorNext) return fault(RingFault::kIndirectWithNext);
      return collect_indirect(descriptor, chain);
    }
    if (auto added = add_buffer(descriptor.address, descriptor.length, flags, chain); !added) return added;
    if (!(flags & kDescriptorNext)) return {};
    index = descriptor.next;
    if (index >= size()) return fault(RingFault::kNextOutOfRange);
  }
  return fault(RingFault::kChainTooLong);
}

RingResult<void> SplitQueue::collect_indirect(const SplitDescriptor& descriptor, ChainStorage& chain) {
  const auto table = indirect_table(descriptor.address, descriptor.length);
  if (!table) return fault(table.error());
  const std::size_t entries = table->size() / kDescriptorBytes;
  std::size_t index = 0;
  for (std::size_t steps = 0; steps < entries; ++steps) {
    const auto entry = copy_descriptor<SplitDescriptor>(table->data() + kDescriptorBytes * index);
    const std::uint16_t flags = entry.flags;
    note({entry.address, entry.length, flags, static_cast<std::uint16_t>(index), entry.next, true});
    if (flags & kDescriptorIndirect) return fault(RingFault::kIndirectNested);
    if (auto added = add_buffer(entry.address, entry.length, flags, chain); !added) return added;
    if (!(flags & kDescriptorNext)) return {};
    index = entry.next;
    if (index >= entries) return fault(RingFault::kNextOutOfRange);
  }
  return fault(RingFault::kChainTooLong);
}

bool SplitQueue::has_available() const {
  if (is_faulted()) return false;
  return !resubmitted_.empty() ||
         load_field<std::uint16_t>(areas_.avail, kIndexOffset, std::memory_order_relaxed) != next_avail_;
}

void SplitQueue::put_used(const ChainStorage& chain, std::uint32_t written) {
  const UsedElement element{chain.head, written};
  const std::size_t slot = next_used_ % size();
  std::memcpy(areas_.used.data() + kRingOffset + sizeof element * slot, &element, sizeof element);
  ++next_used_;
  if (inflight_ != nullptr) inflight_->returning(chain.head);
}

bool SplitQueue::publish() {
  const std::uint16_t old_index = published_used_;
  if (next_used_ == old_index) return false;
  // Release: the elements are visible before idx covers them (2.7.8.2). Sequentially consistent because the
  // driver's suppression field is read next, while the driver writes that field and then reads idx: one of
  // the two must see the other's store (2.7.7.2, 2.7.10).
  store_field(areas_.used, kIndexOffset, next_used_, std::memory_order_seq_cst);
  published_used_ = next_used_;
  if (inflight_ != nullptr) inflight_->returned(next_used_);
  return driver_wants_interrupt(old_index, next_used_);
}

bool SplitQueue::driver_wants_interrupt(std::uint16_t old_index, std::uint16_t new_index) const {
  if (!event_idx()) {
    // A driver with EVENT_IDX leaves the flags alone (2.7.7.1): it hears of everything then.
    return (load_field<std::uint16_t>(areas_.avail, kFlagsOffset, std::memory_order_seq_cst) &
            kAvailNoInterrupt) == 0;
  }
  // 2.7.7.2: with EVENT_IDX the flags are ignored; the driver wants to hear when idx passes used_event.
  const std::uint16_t used_event = load_field<std::uint16_t>(
      areas_.avail, kRingOffset + 2 * std::size_t{size()}, std::memory_order_seq_cst);
  return static_cast<std::uint16_t>(new_index - used_event - 1) <
         static_cast<std::uint16_t>(new_index - old_index);
}

void SplitQueue::disable_notifications() {
  // With EVENT_IDX avail_event simply stays behind: the driver notifies once more at most, when it passes it.
  if (!event_idx()) store_field(areas_.used, kFlagsOffset, kUsedNoNotify, std::memory_order_relaxed);
}

bool SplitQueue::enable_notifications() {
  if (is_faulted()) return false;
  // Sequentially consistent: the driver writes idx and then reads this field, we write this field and then
  // read idx.
  if (event_idx() || event_idx_unknown_) {
    const std::size_t avail_event_offset = kRingOffset + sizeof(UsedElement) * std::size_t{size()};
    store_field(areas_.used, avail_event_offset, next_avail_, std::memory_order_seq_cst);
  }
  if (!event_idx()) store_field(areas_.used, kFlagsOffset, std::uint16_t{0}, std::memory_order_seq_cst);
  return load_field<std::uint16_t>(areas_.avail, kIndexOffset, std::memory_order_seq_cst) != next_avail_;
}

}  // namespace virtcrypt::virtio
