// A driver's ring and a device's queue over the same memory, in either format.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tests/driver/driver_ring.h"
#include "tests/driver/packed_ring.h"
#include "tests/driver/split_ring.h"
#include "tests/driver/test_memory.h"
#include "tests/support/catch.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::test {

[[nodiscard]] inline virtio::QueueConfig config_of(const DriverRing& ring) {
  return {.size = ring.size(),
          .descriptor_area = virtio::GuestAddress{ring.descriptor_area()},
          .driver_area = virtio::GuestAddress{ring.driver_area()},
          .device_area = virtio::GuestAddress{ring.device_area()}};
}

struct RingOptions {
  bool event_idx = true;
  bool indirect = true;
  bool in_order = false;
};

[[nodiscard]] inline virtio::FeatureSet features_of(bool packed, const RingOptions& options) {
  using virtio::Feature;
  virtio::FeatureSet features = virtio::FeatureSet().with(Feature::kVersion1);
  if (packed) features = features.with(Feature::kRingPacked);
  if (options.event_idx) features = features.with(Feature::kRingEventIdx);
  if (options.indirect) features = features.with(Feature::kRingIndirectDesc);
  if (options.in_order) features = features.with(Feature::kInOrder);
  return features;
}

// What tests do with a queue, whatever its format.
struct QueueUser {
  // Pops a chain that must be there.
  virtio::DescriptorChain pop() {
    virtio::DescriptorChain chain;
    const auto popped = queue->pop(chain);
    REQUIRE(popped);
    REQUIRE(*popped);
    return chain;
  }
  bool pop_is_empty() {
    virtio::DescriptorChain chain;
    const auto popped = queue->pop(chain);
    REQUIRE(popped);
    return !*popped;
  }
  virtio::RingFault pop_fault() {
    virtio::DescriptorChain chain;
    const auto popped = queue->pop(chain);
    REQUIRE_FALSE(popped);
    return popped.error();
  }

  std::unique_ptr<virtio::Queue> queue;
};

struct PackedFixture : QueueUser {
  explicit PackedFixture(std::uint16_t size, const RingOptions& options = {},
                         std::size_t memory_bytes = std::size_t{8} << 20)
      : memory(memory_bytes), ring(memory, size, options.event_idx) {
    auto made = virtio::make_queue(config_of(ring), memory.memory(), features_of(true, options));
    REQUIRE(made);
    queue = std::move(*made);
  }

  // A chain of one-byte readable buffers, which nobody looks at.
  std::uint16_t add(std::uint16_t descriptors = 1) {
    const auto id = ring.add(std::vector<Segment>(descriptors, {TestMemory::kBase, 1, false}));
    REQUIRE(id);
    return *id;
  }
  void complete_and_poll(std::uint32_t written = 0) {
    virtio::DescriptorChain chain = pop();
    const std::uint16_t id = chain.head();
    queue->complete(std::move(chain), written);
    (void)queue->publish();
    const auto used = ring.poll();
    REQUIRE(used);
    REQUIRE(used->head == id);
    REQUIRE(used->length == written);
  }
  // Moves both sides on by so many slots.
  void step(std::uint32_t slots) {
    for (; slots > 0; --slots) {
      add();
      complete_and_poll();
    }
  }

  TestMemory memory;
  PackedRing ring;
};

}  // namespace virtcrypt::test
