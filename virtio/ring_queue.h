// What the ring formats have in common: chains are collected and checked, completed ones put in order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "virtcrypt/virtio/descriptor_chain.h"
#include "virtcrypt/virtio/driver_observer.h"
#include "virtcrypt/virtio/features.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/queue.h"
#include "virtcrypt/virtio/ring_fault.h"

namespace virtcrypt::virtio {

// Flags of descriptors, the same numbers in both formats (2.7.5, 2.8.5 to 2.8.7).
constexpr std::uint16_t kDescriptorNext = 1;
constexpr std::uint16_t kDescriptorWrite = 2;
constexpr std::uint16_t kDescriptorIndirect = 4;

// Bytes of a descriptor, and of an entry of an indirect table.
constexpr std::size_t kDescriptorBytes = 16;

// 2.7 and 2.8: the largest queue size that a ring may have.
constexpr std::uint32_t kMaxQueueSize = 32768;

// Longest chain accepted where the queue size does not allow a longer one. 2.7.5.3.1 bounds an indirect table
// by the queue size, but Linux exceeds that (it bounds by its scatterlists), so the ceiling is a fixed number
// of ours.
constexpr std::uint32_t kMaxChainDescriptors = 1024;

// A format derives from it, reads its ring in collect_next() and writes it in put_used() and publish().
class RingQueue : public Queue {
 public:
  [[nodiscard]] std::uint16_t size() const final { return size_; }
  [[nodiscard]] RingResult<bool> pop(DescriptorChain& chain) final;
  void complete(DescriptorChain&& chain, std::uint32_t written) final;
  void set_observer(std::unique_ptr<RingObserver> observer) final { observer_ = std::move(observer); }

 protected:
  // `memory` must outlive the queue.
  RingQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated);

  // Collects the next available chain and steps over it; false when there is none.
  [[nodiscard]] virtual RingResult<bool> collect_next(ChainStorage& chain) = 0;

  // Writes the used element of a chain behind the earlier ones; publish() makes it visible.
  virtual void put_used(const ChainStorage& chain, std::uint32_t written) = 0;

  // Appends a buffer that a descriptor describes to the chain.
  [[nodiscard]] RingResult<void> add_buffer(std::uint64_t address, std::uint32_t length, std::uint16_t flags,
                                            ChainStorage& chain) const {
    std::byte* const bytes = memory_.in_largest(GuestAddress{address}, length);
    if (bytes == nullptr) return add_odd_buffer(address, length, flags, chain);
    if ((flags & kDescriptorWrite) != 0) {
      chain.writable.emplace_back(bytes, length);
      chain.writable_bytes += length;
    } else {
      if (!chain.writable.empty()) return add_odd_buffer(address, length, flags, chain);
      chain.readable.emplace_back(bytes, length);
      chain.readable_bytes += length;
    }
    return {};
  }

  // The indirect table at `address`, a whole number of entries, at least one, and no more than a chain may
  // have: in guest memory, or a copy where it lies in several pieces. Valid until the next call.
  [[nodiscard]] RingResult<std::span<const std::byte>> indirect_table(std::uint64_t address,
                                                                      std::uint32_t bytes);

  // A copy of the descriptor at `where`, which the guest may change meanwhile: nothing looks there again.
  template <typename Descriptor>
  [[nodiscard]] static Descriptor copy_descriptor(const std::byte* where) {
    static_assert(sizeof(Descriptor) == kDescriptorBytes);
    Descriptor descriptor;
    std::memcpy(&descriptor, where, sizeof descriptor);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return descriptor;
  }

  // For an observer, if there is one.
  [[nodiscard]] RingObserver* observer() const { return observer_.get(); }
  void note(const SeenDescriptor& descriptor) {
    if (observer_ != nullptr) seen_.push_back(descriptor);
  }

  [[nodiscard]] static Unexpected<RingFault> fault(RingFault what) { return Unexpected<RingFault>(what); }
  [[nodiscard]] bool is_faulted() const { return fault_.has_value(); }
  [[nodiscard]] bool event_idx() const { return event_idx_; }

 private:
  struct Held {
    std::unique_ptr<ChainStorage> chain;
    std::uint32_t written = 0;
  };

  // The same for any buffer; says what is wrong with it.
  [[nodiscard]] RingResult<void> add_odd_buffer(std::uint64_t address, std::uint32_t length,
                                                std::uint16_t flags, ChainStorage& chain) const;
  [[nodiscard]] std::unique_ptr<ChainStorage> take_storage();
  void put_used_and_stock(Held&& held);
  void show_taken(const ChainStorage& chain, std::optional<RingFault> what) {
    if (observer_ != nullptr) show(chain, what);
  }
  void show(const ChainStorage& chain, std::optional<RingFault> what);

  const GuestMemory& memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  const bool indirect_;
  const bool in_order_;

  std::unique_ptr<RingObserver> observer_;
  std::vector<SeenDescriptor> seen_;  // of the chain that is being collected
  std::optional<RingFault> fault_;
  std::vector<std::unique_ptr<ChainStorage>> stock_;
  // Of a table that lies in several pieces: a copy, and where it lies.
  std::vector<std::byte> indirect_copy_;
  std::vector<std::span<std::byte>> indirect_pieces_;

  // Chains are numbered as they are popped. With IN_ORDER one that is completed before an earlier one waits
  // at its number modulo the size: no more than `size_` chains are in flight.
  std::uint64_t next_number_ = 0;
  std::uint64_t next_in_order_ = 0;
  std::vector<Held> held_;
};

}  // namespace virtcrypt::virtio
