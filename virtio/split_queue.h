// Split virtqueues (VIRTIO 1.4, 2.7): descriptor table, available ring, used ring.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::virtio {

// 2.7.5. The guest controls every field.
struct SplitDescriptor {
  Le64 address;
  Le32 length;
  Le16 flags;
  Le16 next;
};
static_assert(sizeof(SplitDescriptor) == 16 && alignof(SplitDescriptor) == 1);

// 2.7.8: one element of the used ring.
struct UsedElement {
  Le32 id;
  Le32 length;
};
static_assert(sizeof(UsedElement) == 8);

constexpr std::uint16_t kDescriptorNext = 1;
constexpr std::uint16_t kDescriptorWrite = 2;
constexpr std::uint16_t kDescriptorIndirect = 4;
constexpr std::uint16_t kAvailNoInterrupt = 1;
constexpr std::uint16_t kUsedNoNotify = 1;

// 2.7: the largest queue size that a split ring may have.
constexpr std::uint32_t kMaxQueueSize = 32768;

// Longest chain accepted where the queue size does not allow a longer one. 2.7.5.3.1 bounds an indirect table
// by the queue size, but Linux exceeds that (it bounds by its scatterlists), so the ceiling is a fixed number
// of ours.
constexpr std::uint32_t kMaxChainDescriptors = 1024;

class SplitQueue final : public Queue {
 public:
  // Checks size, alignment (2.7: 16, 2 and 4 bytes) and that each area lies within RAM. `memory` must outlive
  // the queue.
  [[nodiscard]] static RingResult<std::unique_ptr<Queue>> create(const QueueConfig& config,
                                                                 const GuestMemory& memory,
                                                                 FeatureSet negotiated);

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] RingResult<std::optional<DescriptorChain>> pop() override;
  void complete(DescriptorChain chain, std::uint32_t written) override;
  [[nodiscard]] bool publish() override;
  void disable_notifications() override;
  [[nodiscard]] bool enable_notifications() override;

 private:
  struct Areas {
    std::span<std::byte> descriptors;
    std::span<std::byte> avail;
    std::span<std::byte> used;
  };
  SplitQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated, const Areas& areas);

  [[nodiscard]] RingResult<void> collect(std::uint16_t head, ChainStorage& chain);
  [[nodiscard]] RingResult<void> collect_indirect(const SplitDescriptor& descriptor, ChainStorage& chain);
  [[nodiscard]] RingResult<void> add_buffer(const SplitDescriptor& descriptor, ChainStorage& chain) const;
  [[nodiscard]] std::unique_ptr<ChainStorage> take_storage();
  [[nodiscard]] bool driver_wants_interrupt(std::uint16_t old_index, std::uint16_t new_index) const;

  const GuestMemory& memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  const bool indirect_;
  const Areas areas_;  // in guest memory: the driver writes descriptors and avail at any time

  // Ours alone; written to the ring, never read back from it.
  std::uint16_t next_avail_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t published_used_ = 0;
  std::optional<RingFault> fault_;

  std::vector<std::unique_ptr<ChainStorage>> stock_;
  std::vector<SplitDescriptor> indirect_table_;        // copy of the table that is being walked
  std::vector<std::span<std::byte>> indirect_pieces_;  // where that table lies
};

}  // namespace virtcrypt::virtio
