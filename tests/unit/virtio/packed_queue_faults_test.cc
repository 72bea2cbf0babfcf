// Packed virtqueues of drivers that break the rules.
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "tests/driver/packed_ring.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/ring_fixture.h"
#include "virtcrypt/virtio/ring_queue.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::DescriptorChain;
using virtio::GuestAddress;
using virtio::RingFault;

namespace {

constexpr std::uint16_t kSize = 5;

PackedDescriptor readable(std::uint16_t id, std::uint16_t flags = 0) {
  return {.address = TestMemory::kBase, .length = 1, .id = id, .flags = flags};
}

}  // namespace

TEST_CASE("PackedQueue: ring areas are checked when the queue is made", "[virtio][packed][PACKED-DRV-001]") {
  PackedFixture f(kSize);
  virtio::QueueConfig config = config_of(f.ring);
  const std::uint64_t end = TestMemory::kBase + (8 << 20);
  RingFault expected = RingFault::kBadRingAddress;
  SECTION("descriptor ring misaligned") {
    config.descriptor_area = GuestAddress{to_integer(config.descriptor_area) + 8};
  }
  SECTION("driver area misaligned") {
    config.driver_area = GuestAddress{to_integer(config.driver_area) + 2};
  }
  SECTION("device area misaligned") {
    config.device_area = GuestAddress{to_integer(config.device_area) + 1};
  }
  SECTION("descriptor ring over the end of RAM") {
    config.descriptor_area = GuestAddress{end - 16 * (kSize - 1)};
  }
  SECTION("driver area outside RAM") {
    config.driver_area = GuestAddress{end};
  }
  SECTION("device area wraps") {
    config.device_area = GuestAddress{UINT64_MAX - 3};
  }
  SECTION("size zero") {
    config.size = 0;
    expected = RingFault::kBadQueueSize;
  }
  SECTION("size above 32768") {
    config.size = GENERATE(as<std::uint16_t>{}, 32769, 65535);
    expected = RingFault::kBadQueueSize;
  }
  const auto made = virtio::make_queue(config, f.memory.memory(), features_of(true, {}));
  REQUIRE_FALSE(made);
  CHECK(made.error() == expected);
}

TEST_CASE("PackedQueue: hostile chains are faults", "[virtio][packed][hostile]") {
  PackedFixture f(kSize);
  f.step(GENERATE(0U, 3U));  // so that chains wrap, too
  const std::uint64_t end = TestMemory::kBase + (8 << 20);
  RingFault expected{};
  SECTION("no end: every descriptor has NEXT") {
    for (std::uint16_t i = 0; i < kSize; ++i)
      f.ring.push(readable(i, kNext));
    expected = RingFault::kChainTooLong;
  }
  SECTION("NEXT to a descriptor that was not written") {
    f.ring.push(readable(0, kNext));
    expected = RingFault::kChainNotAvailable;
  }
  SECTION("NEXT to a descriptor of the lap before") {
    f.ring.push(readable(0, kNext));
    PackedDescriptor stale = readable(1);
    stale.flags |= PackedRing::available_bits(!f.ring.next_avail().wrap);
    f.ring.set_descriptor(f.ring.next_avail().slot, stale);
    expected = RingFault::kChainNotAvailable;
  }
  SECTION("NEXT to a descriptor that says used") {
    f.ring.push(readable(0, kNext));
    PackedDescriptor used = readable(1);
    if (f.ring.next_avail().wrap) used.flags |= kAvail | kUsed;
    f.ring.set_descriptor(f.ring.next_avail().slot, used);
    expected = RingFault::kChainNotAvailable;
  }
  SECTION("readable after writable") {
    f.ring.push(readable(0, kNext | kWrite));
    f.ring.push(readable(0));
    expected = RingFault::kReadableAfterWritable;
  }
  SECTION("buffer outside RAM") {
    f.ring.push({.address = 0xFEE0'0000, .length = 16, .id = 0, .flags = 0});
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("buffer over the end of RAM") {
    f.ring.push({.address = end - 8, .length = 16, .id = 0, .flags = 0});
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("buffer that wraps") {
    f.ring.push({.address = UINT64_MAX - 7, .length = 16, .id = 0, .flags = kWrite});
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("4 GiB - 1 in one buffer") {
    f.ring.push({.address = TestMemory::kBase, .length = UINT32_MAX, .id = 0, .flags = 0});
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("second descriptor of a chain outside RAM") {
    f.ring.push(readable(0, kNext));
    f.ring.push({.address = end, .length = 1, .id = 0, .flags = 0});
    expected = RingFault::kBadBufferAddress;
  }
  CHECK(f.pop_fault() == expected);
  CHECK(f.pop_fault() == expected);  // and stays
  CHECK_FALSE(f.queue->enable_notifications());
}

TEST_CASE("PackedQueue: a chain of 2^32 bytes is a fault", "[virtio][packed][hostile]") {
  PackedFixture f(8192, {}, std::size_t{1} << 20);
  const bool indirect = GENERATE(false, true);
  // 8192 times some 512 KiB: together just above 2^32 - 1.
  REQUIRE(f.ring.add(std::vector<Segment>(8192, {TestMemory::kBase, 525'000, false}), indirect));
  CHECK(f.pop_fault() == RingFault::kTooManyBytes);
}

TEST_CASE("PackedQueue: hostile indirect tables are faults", "[virtio][packed][2.8.7][hostile]") {
  PackedFixture f(kSize);
  const std::uint64_t table = f.memory.allocate(64 * 16).address;
  const auto indirect = [&](std::uint64_t address, std::uint32_t length, std::uint16_t flags = 0) {
    f.ring.push({.address = address,
                 .length = length,
                 .id = 1,
                 .flags = static_cast<std::uint16_t>(kIndirect | flags)});
  };
  RingFault expected{};
  SECTION("length zero") {
    indirect(table, 0);
    expected = RingFault::kBadIndirectLength;
  }
  SECTION("length no multiple of 16") {
    indirect(table, 24);
    expected = RingFault::kBadIndirectLength;
  }
  SECTION("table outside RAM") {
    indirect(0xFEE0'0000, 16);
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("table of 2^28 entries") {
    indirect(table, 0xFFFF'FFF0);
    expected = RingFault::kChainTooLong;
  }
  SECTION("one entry more than a chain may have") {
    indirect(table, 16 * (virtio::kMaxChainDescriptors + 1));
    expected = RingFault::kChainTooLong;
  }
  SECTION("with NEXT") {  // PACKED-DRV-015
    indirect(table, 16, kNext);
    f.ring.push(readable(1));
    expected = RingFault::kIndirectWithNext;
  }
  SECTION("at the end of a chain") {
    f.ring.push(readable(1, kNext));
    indirect(table, 16);
    expected = RingFault::kIndirectWithNext;
  }
  SECTION("entry outside RAM") {
    const std::uint64_t address = 0xFEE0'0000;
    const std::uint32_t length = 1;
    std::memcpy(f.memory.at(table, 8).data(), &address, 8);
    std::memcpy(f.memory.at(table + 8, 4).data(), &length, 4);
    indirect(table, 16);
    expected = RingFault::kBadBufferAddress;
  }
  CHECK(f.pop_fault() == expected);
}

TEST_CASE("PackedQueue: an indirect descriptor without the feature is a fault",
          "[virtio][packed][PACKED-DRV-012]") {
  PackedFixture f(kSize, {.indirect = false});
  REQUIRE(f.ring.add(std::vector<Segment>{{TestMemory::kBase, 1, false}}, true));
  CHECK(f.pop_fault() == RingFault::kIndirectNotNegotiated);
}

TEST_CASE("PackedQueue: a slot that is in flight must not be made available",
          "[virtio][packed][PACKED-DRV-002][hostile]") {
  PackedFixture f(kSize);
  f.step(GENERATE(0U, 2U));
  std::vector<DescriptorChain> in_flight;
  SECTION("single descriptors") {
    for (std::uint16_t id = 0; id < kSize; ++id)
      f.ring.push(readable(id));
    for (std::uint16_t id = 0; id < kSize; ++id)
      in_flight.push_back(f.pop());
    f.ring.push(readable(kSize));
  }
  SECTION("one chain too long for what is free") {
    for (std::uint16_t id = 0; id < kSize - 1; ++id)
      f.ring.push(readable(id));
    for (std::uint16_t id = 0; id < kSize - 1; ++id)
      in_flight.push_back(f.pop());
    f.ring.push(readable(7, kNext));
    f.ring.push(readable(7));
  }
  SECTION("slots of chains that are completed but not published") {
    for (std::uint16_t id = 0; id < kSize; ++id)
      f.ring.push(readable(id));
    for (std::uint16_t id = 0; id < kSize; ++id)
      in_flight.push_back(f.pop());
    f.queue->complete(std::move(in_flight.back()), 0);
    in_flight.pop_back();
    f.ring.push(readable(kSize));
  }
  CHECK(f.pop_fault() == RingFault::kSlotInFlight);
  // What was popped before can still be completed.
  for (DescriptorChain& chain : in_flight)
    f.queue->complete(std::move(chain), 0);
  (void)f.queue->publish();
}

TEST_CASE("PackedQueue: a buffer id must not be used twice at a time", "[virtio][packed][2.8.21][hostile]") {
  PackedFixture f(kSize);
  const std::uint16_t id = GENERATE(as<std::uint16_t>{}, 0, 4, 65535);
  f.ring.push(readable(id));
  f.ring.push(readable(id));
  DescriptorChain first = f.pop();
  CHECK(f.pop_fault() == RingFault::kIdInFlight);
  f.queue->complete(std::move(first), 0);
  CHECK(f.queue->publish());
}

TEST_CASE("PackedQueue: a descriptor is taken only when its bits have changed",
          "[virtio][packed][PACKED-DEV-006]") {
  PackedFixture f(kSize);
  f.step(GENERATE(0U, 1U, 5U, 7U));
  const bool wrap = f.ring.next_avail().wrap;
  const std::uint16_t available = PackedRing::available_bits(wrap);
  for (const std::uint16_t bits :
       {std::uint16_t{0}, kAvail, kUsed, static_cast<std::uint16_t>(kAvail | kUsed)}) {
    PackedDescriptor descriptor = readable(0);
    descriptor.flags = bits;
    f.ring.set_descriptor(f.ring.next_avail().slot, descriptor);
    if (bits != available) CHECK(f.pop_is_empty());
  }
  f.ring.push(readable(0));
  f.pop().discard();
}

TEST_CASE("PackedQueue: garbage in the ring is survived", "[virtio][packed][hostile]") {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    PackedFixture f(static_cast<std::uint16_t>(1 + random() % 9), {}, std::size_t{1} << 14);
    std::vector<DescriptorChain> chains;
    for (int step = 0; step < 60; ++step) {
      PackedDescriptor descriptor{.address = TestMemory::kBase + random() % 0x4000,
                                  .length = static_cast<std::uint32_t>(random() % 64),
                                  .id = static_cast<std::uint16_t>(random() % 4),
                                  .flags = static_cast<std::uint16_t>(random() & 0x8083)};
      if (random() % 8 == 0) descriptor.flags |= kIndirect;
      f.ring.set_descriptor(static_cast<std::uint16_t>(random() % f.ring.size()), descriptor);
      f.ring.set_driver_event(static_cast<RingEvent>(random() % 4), static_cast<std::uint16_t>(random()));
      DescriptorChain chain;
      const auto popped = f.queue->pop(chain);
      if (popped && *popped) chains.push_back(std::move(chain));
      REQUIRE(chains.size() <= f.ring.size());
      if (!chains.empty() && random() % 3 == 0) {
        f.queue->complete(std::move(chains.back()), static_cast<std::uint32_t>(random()));
        chains.pop_back();
        (void)f.queue->publish();
      }
      (void)f.queue->enable_notifications();
    }
    for (DescriptorChain& chain : chains)
      chain.discard();
  }
}
