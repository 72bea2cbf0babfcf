// Drivers that go wrong in their virtqueues.
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/unit/devices/crypto/watched.h"
#include "virtcrypt/virtio/queue.h"

namespace virtcrypt::test {
namespace {

constexpr std::uint64_t kBuffer = TestMemory::kBase + (4U << 20U);

SplitRing& split(Watched& watched) {
  return watched.driver.split_ring(0);
}
PackedRing& packed(Watched& watched) {
  return watched.driver.packed_ring(0);
}

void make_available(Watched& watched, std::uint16_t head) {
  split(watched).make_available(head);
  watched.kick();
}

void push(Watched& watched, std::initializer_list<PackedDescriptor> descriptors) {
  for (const PackedDescriptor& each : descriptors)
    packed(watched).push(each);
  watched.kick();
}

template <typename Entry>
void write_table(Watched& watched, std::initializer_list<Entry> entries) {
  std::uint64_t at = kBuffer;
  for (const Entry& entry : entries) {
    const auto bytes = watched.driver.memory().at(at, 16);
    static_assert(sizeof entry == 16);
    std::memcpy(bytes.data(), &entry, sizeof entry);
    at += 16;
  }
}

// A queue of the scene's own, whose chain the device has taken and not returned yet.
template <typename Ring>
struct InFlight {
  InFlight(Watched& watched, std::uint16_t size)
      : ring(watched.driver.memory(), size, false),
        features(feature::kVersion1 |
                 (std::is_same_v<Ring, PackedRing> ? feature::kRingPacked : std::uint64_t{0})) {
    const virtio::QueueConfig config{.size = size,
                                     .descriptor_area = virtio::GuestAddress{ring.descriptor_area()},
                                     .driver_area = virtio::GuestAddress{ring.driver_area()},
                                     .device_area = virtio::GuestAddress{ring.device_area()}};
    const virtio::GuestMemory& memory = watched.driver.memory().memory();
    queue = std::move(*virtio::make_queue(config, memory, features));
    queue->set_observer(watched.check->watch_ring(virtio::QueueIndex{0}, config, memory, features));
    [[maybe_unused]] const auto head =
        ring.add(std::vector<Segment>{{kBuffer, 16, false}, {kBuffer + 16, 16, true}});
    [[maybe_unused]] const auto popped = queue->pop(chain);
  }
  ~InFlight() { queue->complete(std::move(chain), 0); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  void push(std::uint16_t flags) { ring.push({kBuffer, 16, 77, flags}); }

  Ring ring;
  const virtio::FeatureSet features;
  std::unique_ptr<virtio::Queue> queue;
  virtio::DescriptorChain chain;
};

// An element of a ring area, by its address.
void poke16(Watched& watched, std::uint64_t address, std::uint16_t value) {
  std::memcpy(watched.driver.memory().at(address, 2).data(), &value, sizeof value);
}

}  // namespace

std::vector<Scene> ring_scenes() {
  constexpr std::uint64_t kArea = TestMemory::kBase;
  return {
      {{"SPLIT-DRV-001"},
       {.start = false},
       [](Watched& w) { w.start_at(kArea, kArea + 0x1001, kArea + 0x2000); }},
      {{"PACKED-DRV-001"},
       {.packed = true, .start = false},
       [](Watched& w) { w.start_at(kArea, kArea + 0x1002, kArea + 0x2000); }},
      {{"SPLIT-DRV-019"},
       {.start = false},
       [](Watched& w) {
         poke16(w, kArea + 0x2000, 1);
         w.start_at(kArea, kArea + 0x1000, kArea + 0x2000);
       }},
      {{"SPLIT-DRV-002"},
       {},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kNext | kWrite, 1});
         split(w).set_descriptor(1, {kBuffer, 16, 0, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-004", "SPLIT-DRV-008"},
       {},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kNext, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-004"},
       {},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kNext, 1});
         split(w).set_descriptor(1, {kBuffer, 0xFFFF'FFFF, 0, 0});
         make_available(w, 0);
       }},
      {{"RSVD-DRV-004"},
       {.more = feature::kAccessPlatform},
       [](Watched& w) {
         split(w).set_descriptor(0, {1, 16, 0, 0});
         make_available(w, 0);
       }},
      {{"RSVD-DRV-005"},
       {.offered = ~feature::kAccessPlatform},
       [](Watched& w) {
         split(w).set_descriptor(0, {1, 16, 0, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-005"},
       {.more = feature::kInOrder},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kNext, 2});
         split(w).set_descriptor(2, {kBuffer, 16, kWrite, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-006"},
       {.less = feature::kIndirectDesc},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kIndirect, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-007"},
       {},
       [](Watched& w) {
         write_table<Descriptor>(w, {{kBuffer, 16, kIndirect, 0}});
         split(w).set_descriptor(0, {kBuffer, 16, kIndirect, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-008"},
       {.ring_size = 4},
       [](Watched& w) {
         write_table<Descriptor>(w, {{kBuffer, 16, kNext, 1},
                                     {kBuffer, 16, kNext, 2},
                                     {kBuffer, 16, kNext, 3},
                                     {kBuffer, 16, kNext, 4},
                                     {kBuffer, 16, kWrite, 0}});
         split(w).set_descriptor(0, {kBuffer, 80, kIndirect, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-009"},
       {},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kIndirect | kNext, 1});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-010"},
       {.more = feature::kInOrder},
       [](Watched& w) {
         write_table<Descriptor>(w, {{kBuffer, 16, kNext, 2}, {}, {kBuffer, 16, kWrite, 0}});
         split(w).set_descriptor(0, {kBuffer, 48, kIndirect, 0});
         make_available(w, 0);
       }},
      {{"SPLIT-DRV-011"},
       {},
       [](Watched& w) {
         split(w).set_descriptor(0, {kBuffer, 16, kWrite, 0});
         make_available(w, 0);
         split(w).set_avail_index(0);
         w.kick();
       }},
      {{"SPLIT-DRV-012"},
       {.less = feature::kEventIdx},
       [](Watched& w) {
         poke16(w, split(w).driver_area(), 2);
         w.kick();
       }},
      {{"SPLIT-DRV-014"},
       {},
       [](Watched& w) {
         poke16(w, split(w).driver_area(), 1);
         w.kick();
       }},
      {{"CLEAN-DRV-001"},
       {},
       [](Watched& w) {
         InFlight<SplitRing> flight(w, 4);
         flight.ring.set_descriptor(flight.chain.head(), {});
       }},
      {{"CLEAN-DRV-001", "PACKED-DRV-003"},
       {},
       [](Watched& w) {
         const InFlight<PackedRing> flight(w, 4);
         poke16(w, flight.ring.descriptor_area() + 8, 99);
       }},
      {{"PACKED-DRV-002"},
       {},
       [](Watched& w) {
         InFlight<PackedRing> flight(w, 2);
         flight.push(kWrite);
         virtio::DescriptorChain none;
         [[maybe_unused]] const auto popped = flight.queue->pop(none);
       }},
      {{"PACKED-DRV-002", "PACKED-DRV-010"},
       {},
       [](Watched& w) {
         InFlight<PackedRing> flight(w, 3);
         flight.push(kNext);
         flight.push(kWrite);
         virtio::DescriptorChain none;
         [[maybe_unused]] const auto popped = flight.queue->pop(none);
       }},
      {{"PACKED-DRV-004"},
       {.packed = true, .more = feature::kNotificationData},
       [](Watched& w) { w.pci().kick(0, std::uint16_t{200}); }},
      {{"PACKED-DRV-004"},
       {.packed = true, .more = feature::kNotificationData},
       [](Watched& w) { w.pci().kick(0, std::uint16_t{0x8003}); }},
      {{"PACKED-DRV-006", "PACKED-DRV-007"},
       {.packed = true, .ring_size = 2},
       [](Watched& w) {
         push(w, {{kBuffer, 16, 1, kNext}, {kBuffer, 16, 1, kNext}});
       }},
      {{"PACKED-DRV-008"},
       {.packed = true},
       [](Watched& w) {
         push(w, {{kBuffer, 16, 1, kNext | kWrite}, {kBuffer, 16, 1, 0}});
       }},
      {{"PACKED-DRV-011"},
       {.packed = true},
       [](Watched& w) {
         push(w, {{kBuffer, 16, 1, kNext}});
       }},
      {{"PACKED-DRV-012"},
       {.packed = true, .less = feature::kIndirectDesc},
       [](Watched& w) {
         push(w, {{kBuffer, 16, 1, kIndirect}});
       }},
      {{"PACKED-DRV-013"},
       {.packed = true},
       [](Watched& w) {
         write_table<PackedDescriptor>(w, {{kBuffer, 16, 0, kNext}});
         push(w, {{kBuffer, 16, 1, kIndirect}});
       }},
      {{"PACKED-DRV-014"},
       {.packed = true},
       [](Watched& w) {
         push(w, {{kBuffer, 16 * 1025, 1, kIndirect}});
       }},
      {{"PACKED-DRV-015"},
       {.packed = true},
       [](Watched& w) {
         push(w, {{kBuffer, 16, 1, kNext}, {kBuffer, 16, 1, kIndirect}});
       }},
  };
}

}  // namespace virtcrypt::test
