#include "virtcrypt/virtio/ring_queue.h"

#include <algorithm>
#include <utility>

namespace virtcrypt::virtio {

RingQueue::RingQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated)
    : memory_(memory),
      size_(config.size),
      event_idx_(negotiated.has(Feature::kRingEventIdx)),
      indirect_(negotiated.has(Feature::kRingIndirectDesc)),
      in_order_(negotiated.has(Feature::kInOrder)),
      held_(in_order_ ? config.size : 0) {}

RingResult<bool> RingQueue::pop(DescriptorChain& chain) {
  if (fault_) return fault(*fault_);
  std::unique_ptr<ChainStorage> storage = take_storage();
  seen_.clear();
  RingResult<bool> collected = collect_next(*storage);
  if (storage->readable_bytes + storage->writable_bytes > UINT32_MAX)
    collected = fault(RingFault::kTooManyBytes);
  if (!collected || !*collected) {
    stock_.push_back(std::move(storage));
    if (collected) return false;
    fault_ = collected.error();
    show_taken(*stock_.back(), fault_);
    return fault(*fault_);
  }
  storage->number = next_number_++;
  show_taken(*storage, std::nullopt);
  chain = DescriptorChain(std::move(storage));
  return true;
}

void RingQueue::complete(DescriptorChain&& chain, std::uint32_t written) {
  Held completed{chain.release(), written};
  if (!in_order_) return put_used_and_stock(std::move(completed));
  // RSVD-DEV-005. Each buffer gets a used element of its own, although one for the last of a batch would do
  // (2.7.9, 2.8.8): the driver would have to take the buffers in between as filled completely, and these are
  // requests whose used length says how long the result is. Drivers that know batches take single elements
  // as batches of one; drivers that do not need them.
  held_[completed.chain->number % size_] = std::move(completed);
  for (Held* next = &held_[next_in_order_ % size_]; next->chain != nullptr;
       next = &held_[next_in_order_ % size_]) {
    ++next_in_order_;
    put_used_and_stock(std::exchange(*next, Held()));
  }
}

void RingQueue::show(const ChainStorage& chain, std::optional<RingFault> what) {
  observer_->taken({.descriptors = seen_, .head = chain.head, .number = chain.number, .fault = what});
}

void RingQueue::put_used_and_stock(Held&& held) {
  if (observer_ != nullptr) observer_->returning(held.chain->number);
  put_used(*held.chain, held.written);
  stock_.push_back(std::move(held.chain));
}

std::unique_ptr<ChainStorage> RingQueue::take_storage() {
  if (stock_.empty()) return std::make_unique<ChainStorage>();
  std::unique_ptr<ChainStorage> storage = std::move(stock_.back());
  stock_.pop_back();
  storage->clear();
  return storage;
}

RingResult<void> RingQueue::add_odd_buffer(std::uint64_t address, std::uint32_t length, std::uint16_t flags,
                                           ChainStorage& chain) const {
  const bool writable = (flags & kDescriptorWrite) != 0;
  // 2.7.4.2, PACKED-DRV-008: device-writable descriptors come after all device-readable ones.
  if (!writable && !chain.writable.empty()) return fault(RingFault::kReadableAfterWritable);
  if (!memory_.append_pieces(GuestAddress{address}, length, writable ? chain.writable : chain.readable)) {
    return fault(RingFault::kBadBufferAddress);
  }
  (writable ? chain.writable_bytes : chain.readable_bytes) += length;
  return {};
}

RingResult<std::span<const std::byte>> RingQueue::indirect_table(std::uint64_t address, std::uint32_t bytes) {
  if (!indirect_) return fault(RingFault::kIndirectNotNegotiated);
  if (bytes == 0 || bytes % kDescriptorBytes != 0) return fault(RingFault::kBadIndirectLength);
  const std::size_t most = std::max<std::size_t>(size_, kMaxChainDescriptors);
  if (bytes / kDescriptorBytes > most) return fault(RingFault::kChainTooLong);

  if (const auto whole = memory_.range(GuestAddress{address}, bytes))
    return std::span<const std::byte>(*whole);
  indirect_pieces_.clear();
  if (!memory_.append_pieces(GuestAddress{address}, bytes, indirect_pieces_))
    return fault(RingFault::kBadBufferAddress);
  indirect_copy_.clear();
  for (const std::span<std::byte> piece : indirect_pieces_)
    indirect_copy_.insert(indirect_copy_.end(), piece.begin(), piece.end());
  return std::span<const std::byte>(indirect_copy_);
}

}  // namespace virtcrypt::virtio
