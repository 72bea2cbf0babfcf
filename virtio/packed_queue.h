// Packed virtqueues (VIRTIO 1.4, 2.8): one ring of descriptors that driver and device both write, and two
// event suppression structures.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/ring_queue.h"

namespace virtcrypt::virtio {

// 2.8.13. The guest controls every field.
struct PackedDescriptor {
  Le64 address;
  Le32 length;
  Le16 id;
  Le16 flags;
};
static_assert(sizeof(PackedDescriptor) == kDescriptorBytes && alignof(PackedDescriptor) == 1);

// 2.8.1: what the two bits say depends on the lap of the ring.
constexpr std::uint16_t kDescriptorAvail = 1 << 7;
constexpr std::uint16_t kDescriptorUsed = 1 << 15;

// 2.8.10: values of the flags of an event suppression structure.
constexpr std::uint16_t kRingEventEnable = 0;
constexpr std::uint16_t kRingEventDisable = 1;
constexpr std::uint16_t kRingEventDescriptor = 2;

class PackedQueue final : public RingQueue {
 public:
  // Checks size (any up to 32768), alignment (2.8.10.1: 16, 4 and 4 bytes) and that each area lies within
  // RAM. `memory` must outlive the queue.
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
    std::span<std::byte> ring;
    std::span<std::byte> driver_event;
    std::span<std::byte> device_event;
  };
  // A slot in a lap of the ring: `wrap` is the ring wrap counter there (2.8.1).
  struct Position {
    std::uint16_t slot = 0;
    bool wrap = true;
  };
  struct FirstUsed {
    std::uint16_t slot;
    std::uint16_t flags;
  };
  PackedQueue(const QueueConfig& config, const GuestMemory& memory, FeatureSet negotiated,
              const Areas& areas);

  [[nodiscard]] RingResult<bool> collect_next(ChainStorage& chain) override;
  void put_used(const ChainStorage& chain, std::uint32_t written) override;
  [[nodiscard]] RingResult<void> collect_from(Position& at, std::uint16_t flags, ChainStorage& chain);
  [[nodiscard]] RingResult<void> collect_indirect(const PackedDescriptor& descriptor, ChainStorage& chain);
  [[nodiscard]] std::uint16_t load_flags(std::uint16_t slot, std::memory_order order) const;
  void advance(Position& position, std::uint16_t slots) const;
  [[nodiscard]] bool driver_wants_interrupt(std::uint16_t published_slots) const;

  const Areas areas_;  // in guest memory: the driver writes ring and driver_event at any time

  // Ours alone; never read back from the ring.
  Position next_avail_;
  Position next_used_;
  std::uint16_t taken_slots_ = 0;        // of chains that the driver does not have back yet
  std::uint16_t unpublished_slots_ = 0;  // of those, completed since the last publish()
  std::optional<FirstUsed> first_used_;  // its flags make what has been completed visible
  std::bitset<65536> ids_in_flight_;
};

}  // namespace virtcrypt::virtio
