#include "virtcrypt/virtio/split_queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

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

std::uint16_t load16(std::span<std::byte> area, std::size_t offset, std::memory_order order) {
  auto& field =
      *reinterpret_cast<std::uint16_t*>(area.data() + offset);  // aligned: create() has checked the area
  return little_endian(std::atomic_ref(field).load(order));
}

void store16(std::span<std::byte> area, std::size_t offset, std::uint16_t value, std::memory_order order) {
  auto& field = *reinterpret_cast<std::uint16_t*>(area.data() + offset);
  std::atomic_ref(field).store(little_endian(value), order);
}

bool is_aligned(const std::span<std::byte>& area, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(area.data()) % alignment == 0;
}

Unexpected<RingFault> fault(RingFault what) {
  return Unexpected<RingFault>(what);
}

}  // namespace

RingResult<std::unique_ptr<Queue>> SplitQueue::create(const QueueConfig& config, const GuestMemory& memory,
                                                      FeatureSet negotiated) {
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
  // Guest RAM is mapped page by page, so alignment in the guest is alignment here; a foreign memory table may
  // differ.
  if (!is_aligned(*avail, 2) || !is_aligned(*used, 2)) return fault(RingFault::kBadRingAddress);
  return std::unique_ptr<Queue>(
      new SplitQueue(config, memory, negotiated, Areas{*descriptors, *avail, *used}));
}

SplitQueue::SplitQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated,
                       const Areas& areas)
    : memory_(memory),
      size_(config.size),
      event_idx_(negotiated.has(Feature::kRingEventIdx)),
      indirect_(negotiated.has(Feature::kRingIndirectDesc)),
      areas_(areas) {}

RingResult<std::optional<DescriptorChain>> SplitQueue::pop() {
  if (fault_) return fault(*fault_);
  // Pairs with the driver's release of idx: what idx covers is visible after this load (2.7.13.3.1).
  const std::uint16_t avail_index = load16(areas_.avail, kIndexOffset, std::memory_order_acquire);
  const auto pending = static_cast<std::uint16_t>(avail_index - next_avail_);
  if (pending == 0) return std::optional<DescriptorChain>();
  // A driver has as many descriptors as the queue is long: what it makes available before it got earlier ones
  // back cannot be more. This also bounds what is in flight here.
  const auto outstanding = static_cast<std::uint16_t>(avail_index - published_used_);
  if (pending > size_ || outstanding > size_) {
    fault_ = RingFault::kAvailIndexAhead;
    return fault(*fault_);
  }
  const std::size_t slot = next_avail_ % size_;
  const std::uint16_t head = load16(areas_.avail, kRingOffset + 2 * slot, std::memory_order_relaxed);
  std::unique_ptr<ChainStorage> storage = take_storage();
  storage->head = head;
  const RingResult<void> collected = collect(head, *storage);
  if (!collected) {
    fault_ = collected.error();
    stock_.push_back(std::move(storage));
    return fault(*fault_);
  }
  ++next_avail_;
  return std::optional<DescriptorChain>(DescriptorChain(std::move(storage)));
}

RingResult<void> SplitQueue::collect(std::uint16_t head, ChainStorage& chain) {
  if (head >= size_) return fault(RingFault::kHeadOutOfRange);
  std::uint16_t index = head;
  for (std::uint32_t steps = 0; steps < size_; ++steps) {
    SplitDescriptor descriptor;
    std::memcpy(&descriptor, areas_.descriptors.data() + sizeof descriptor * index, sizeof descriptor);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the guest may write meanwhile: no second load
    const std::uint16_t flags = descriptor.flags;
    if (flags & kDescriptorIndirect) {
      // SPLIT-DRV: an indirect descriptor ends its chain (2.7.5.3.1).
      if (flags & kDescriptorNext) return fault(RingFault::kIndirectWithNext);
      return collect_indirect(descriptor, chain);
    }
    if (auto added = add_buffer(descriptor, chain); !added) return added;
    if (!(flags & kDescriptorNext)) return {};
    index = descriptor.next;
    if (index >= size_) return fault(RingFault::kNextOutOfRange);
  }
  return fault(RingFault::kChainTooLong);
}

RingResult<void> SplitQueue::collect_indirect(const SplitDescriptor& descriptor, ChainStorage& chain) {
  if (!indirect_) return fault(RingFault::kIndirectNotNegotiated);
  const std::uint32_t bytes = descriptor.length;
  if (bytes == 0 || bytes % sizeof(SplitDescriptor) != 0) return fault(RingFault::kBadIndirectLength);
  const std::size_t entries = bytes / sizeof(SplitDescriptor);
  const std::size_t most = std::max<std::size_t>(size_, kMaxChainDescriptors);
  if (entries > most) return fault(RingFault::kChainTooLong);

  indirect_pieces_.clear();
  if (!memory_.append_pieces(GuestAddress{std::uint64_t{descriptor.address}}, bytes, indirect_pieces_)) {
    return fault(RingFault::kBadBufferAddress);
  }
  indirect_table_.resize(entries);
  auto* destination = reinterpret_cast<std::byte*>(indirect_table_.data());
  for (const std::span<std::byte> piece : indirect_pieces_) {
    std::memcpy(destination, piece.data(), piece.size());
    destination += piece.size();
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);  // the guest may write meanwhile: no second load

  std::size_t index = 0;
  for (std::size_t steps = 0; steps < entries; ++steps) {
    const SplitDescriptor& entry = indirect_table_[index];
    const std::uint16_t flags = entry.flags;
    if (flags & kDescriptorIndirect) return fault(RingFault::kIndirectNested);
    if (auto added = add_buffer(entry, chain); !added) return added;
    if (!(flags & kDescriptorNext)) return {};
    index = entry.next;
    if (index >= entries) return fault(RingFault::kNextOutOfRange);
  }
  return fault(RingFault::kChainTooLong);
}

RingResult<void> SplitQueue::add_buffer(const SplitDescriptor& descriptor, ChainStorage& chain) const {
  const std::uint32_t length = descriptor.length;
  const bool writable = (descriptor.flags & kDescriptorWrite) != 0;
  // 2.7.4.2: device-writable descriptors come after all device-readable ones.
  if (!writable && !chain.writable.empty()) return fault(RingFault::kReadableAfterWritable);
  if (chain.readable_bytes + chain.writable_bytes + length > UINT32_MAX)
    return fault(RingFault::kTooManyBytes);
  if (!memory_.append_pieces(GuestAddress{std::uint64_t{descriptor.address}}, length,
                             writable ? chain.writable : chain.readable)) {
    return fault(RingFault::kBadBufferAddress);
  }
  (writable ? chain.writable_bytes : chain.readable_bytes) += length;
  return {};
}

std::unique_ptr<ChainStorage> SplitQueue::take_storage() {
  if (stock_.empty()) return std::make_unique<ChainStorage>();
  std::unique_ptr<ChainStorage> storage = std::move(stock_.back());
  stock_.pop_back();
  storage->clear();
  return storage;
}

void SplitQueue::complete(DescriptorChain chain, std::uint32_t written) {
  std::unique_ptr<ChainStorage> storage = chain.release();
  const UsedElement element{storage->head, written};
  const std::size_t slot = next_used_ % size_;
  std::memcpy(areas_.used.data() + kRingOffset + sizeof element * slot, &element, sizeof element);
  ++next_used_;
  stock_.push_back(std::move(storage));
}

bool SplitQueue::publish() {
  const std::uint16_t old_index = published_used_;
  if (next_used_ == old_index) return false;
  // Release: the elements are visible before idx covers them (2.7.8.2). Sequentially consistent because the
  // driver's suppression field is read next, while the driver writes that field and then reads idx: one of
  // the two must see the other's store (2.7.7.2, 2.7.10).
  store16(areas_.used, kIndexOffset, next_used_, std::memory_order_seq_cst);
  published_used_ = next_used_;
  return driver_wants_interrupt(old_index, next_used_);
}

bool SplitQueue::driver_wants_interrupt(std::uint16_t old_index, std::uint16_t new_index) const {
  if (!event_idx_) {
    return (load16(areas_.avail, kFlagsOffset, std::memory_order_seq_cst) & kAvailNoInterrupt) == 0;
  }
  // 2.7.7.2: with EVENT_IDX the flags are ignored; the driver wants to hear when idx passes used_event.
  const std::uint16_t used_event =
      load16(areas_.avail, kRingOffset + 2 * std::size_t{size_}, std::memory_order_seq_cst);
  return static_cast<std::uint16_t>(new_index - used_event - 1) <
         static_cast<std::uint16_t>(new_index - old_index);
}

void SplitQueue::disable_notifications() {
  // With EVENT_IDX avail_event simply stays behind: the driver notifies once more at most, when it passes it.
  if (!event_idx_) store16(areas_.used, kFlagsOffset, kUsedNoNotify, std::memory_order_relaxed);
}

bool SplitQueue::enable_notifications() {
  if (fault_) return false;
  // Sequentially consistent: the driver writes idx and then reads this field, we write this field and then
  // read idx.
  if (event_idx_) {
    const std::size_t avail_event_offset = kRingOffset + sizeof(UsedElement) * std::size_t{size_};
    store16(areas_.used, avail_event_offset, next_avail_, std::memory_order_seq_cst);
  } else {
    store16(areas_.used, kFlagsOffset, 0, std::memory_order_seq_cst);
  }
  return load16(areas_.avail, kIndexOffset, std::memory_order_seq_cst) != next_avail_;
}

}  // namespace virtcrypt::virtio
