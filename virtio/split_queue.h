// Split virtqueues (VIRTIO 1.4, 2.7): descriptor table, available ring, used ring.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/ring_queue.h"

namespace virtcrypt::virtio {

// 2.7.5. The guest controls every field.
struct SplitDescriptor {
  Le64 address;
  Le32 length;
  Le16 flags;
  Le16 next;
};
static_assert(sizeof(SplitDescriptor) == kDescriptorBytes && alignof(SplitDescriptor) == 1);

// 2.7.8: one element of the used ring.
struct UsedElement {
  Le32 id;
  Le32 length;
};
static_assert(sizeof(UsedElement) == 8);

constexpr std::uint16_t kAvailNoInterrupt = 1;
constexpr std::uint16_t kUsedNoNotify = 1;

class SplitQueue final : public RingQueue {
 public:
  // Checks size, alignment (2.7: 16, 2 and 4 bytes) and that each area lies within RAM. `memory` must outlive
  // the queue.
  [[nodiscard]] static RingResult<std::unique_ptr<Queue>> create(const QueueConfig& config,
                                                                 const GuestMemory& memory,
                                                                 FeatureSet negotiated,
                                                                 const QueueResume* resume = nullptr);

  [[nodiscard]] bool has_available() const override;
  [[nodiscard]] bool publish() override;
  void disable_notifications() override;
  [[nodiscard]] bool enable_notifications() override;
  [[nodiscard]] QueuePosition position() const override;

 private:
  struct Areas {
    std::span<std::byte> descriptors;
    std::span<std::byte> avail;
    std::span<std::byte> used;
  };
  SplitQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated, const Areas& areas);
  void resume(const QueueResume& from);
  [[nodiscard]] RingResult<bool> collect_again(ChainStorage& chain);

  [[nodiscard]] RingResult<bool> collect_next(ChainStorage& chain) override;
  void put_used(const ChainStorage& chain, std::uint32_t written) override;
  [[nodiscard]] RingResult<void> collect(std::uint16_t head, ChainStorage& chain);
  [[nodiscard]] RingResult<void> collect_indirect(const SplitDescriptor& descriptor, ChainStorage& chain);
  [[nodiscard]] bool driver_wants_interrupt(std::uint16_t old_index, std::uint16_t new_index) const;

  const Areas areas_;  // in guest memory: the driver writes descriptors and avail at any time

  // Ours alone; written to the ring, never read back from it.
  std::uint16_t next_avail_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t published_used_ = 0;

  // The driver may have negotiated EVENT_IDX or not: both ways of suppression are served.
  bool event_idx_unknown_ = false;
  SplitInflight* inflight_ = nullptr;
  std::vector<std::uint16_t> resubmitted_;  // heads that were in flight, the next one last
};

}  // namespace virtcrypt::virtio
