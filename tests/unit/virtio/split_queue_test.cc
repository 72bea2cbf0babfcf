#include "virtcrypt/virtio/split_queue.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "tests/driver/split_ring.h"
#include "tests/driver/test_memory.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/ring_fixture.h"

using namespace virtcrypt;
using test::Buffer;
using test::kIndirect;
using test::kNext;
using test::kWrite;
using test::Segment;
using test::SplitRing;
using test::TestMemory;
using virtio::DescriptorChain;
using virtio::FeatureSet;
using virtio::GuestAddress;
using virtio::QueueConfig;
using virtio::RingFault;
using virtio::SplitQueue;

namespace {

constexpr std::uint16_t kSize = 8;

// A driver's ring and a device's queue over the same memory.
struct Fixture : test::QueueUser {
  explicit Fixture(bool event_idx = true, bool indirect = true, std::uint16_t size = kSize)
      : ring(memory, size, event_idx) {
    auto created = SplitQueue::create(
        config(), memory.memory(), test::features_of(false, {.event_idx = event_idx, .indirect = indirect}));
    REQUIRE(created);
    queue = std::move(*created);
  }

  [[nodiscard]] QueueConfig config() const { return test::config_of(ring); }

  std::uint16_t add_readable(std::uint32_t bytes = 16) {
    const Buffer buffer = memory.allocate(bytes);
    const auto head = ring.add(std::vector<Segment>{{buffer.address, bytes, false}});
    REQUIRE(head);
    return *head;
  }

  TestMemory memory;
  SplitRing ring;
};

}  // namespace

TEST_CASE("SplitQueue: an empty ring gives no chain", "[virtio][split][2.7.6]") {
  Fixture f;
  CHECK(f.pop_is_empty());
}

TEST_CASE("SplitQueue: readable and writable parts of a chain are read in order", "[virtio][split][2.7.4]") {
  const bool indirect = GENERATE(false, true);
  Fixture f;
  const test::Bytes one{std::byte{1}, std::byte{2}, std::byte{3}};
  const test::Bytes two{std::byte{4}, std::byte{5}};
  const Buffer first = f.memory.allocate(one);
  const Buffer second = f.memory.allocate(two);
  const Buffer out = f.memory.allocate(7);
  const auto head = f.ring.add(std::vector<Segment>{{first.address, 3, false},
                                                    {second.address, 2, false},
                                                    {out.address, 3, true},
                                                    {out.address + 3, 4, true}},
                               indirect);
  REQUIRE(head);

  DescriptorChain chain = f.pop();
  CHECK(chain.head() == *head);
  CHECK(chain.readable_bytes() == 5);
  CHECK(chain.writable_bytes() == 7);
  test::Bytes read(5);
  REQUIRE(chain.reader().read(read));
  CHECK(read == test::Bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}});
  REQUIRE(chain.writer().write(read));
  CHECK(std::memcmp(out.bytes.data(), read.data(), 5) == 0);

  f.queue->complete(std::move(chain), 5);
  CHECK_FALSE(f.ring.poll());  // nothing is visible before publish()
  (void)f.queue->publish();
  const auto used = f.ring.poll();
  REQUIRE(used);
  CHECK(used->head == *head);
  CHECK(used->length == 5);
}

TEST_CASE("SplitQueue: chains may come back in any order", "[virtio][split][2.7.8]") {
  Fixture f;
  const std::uint16_t first = f.add_readable();
  const std::uint16_t second = f.add_readable();
  DescriptorChain a = f.pop();
  DescriptorChain b = f.pop();
  f.queue->complete(std::move(b), 2);
  f.queue->complete(std::move(a), 1);
  (void)f.queue->publish();
  CHECK(f.ring.poll()->head == second);
  CHECK(f.ring.poll()->head == first);
  CHECK_FALSE(f.ring.poll());
}

TEST_CASE("SplitQueue: indices wrap around 2^16", "[virtio][split][2.7.6]") {
  Fixture f;
  for (int i = 0; i < 70'000; ++i) {
    const std::size_t mark = f.memory.mark();
    const std::uint16_t head = f.add_readable();
    f.queue->complete(f.pop(), 0);
    (void)f.queue->publish();
    const auto used = f.ring.poll();
    REQUIRE(used);
    REQUIRE(used->head == head);
    f.memory.rewind(mark);
  }
}

TEST_CASE("SplitQueue: ring areas are checked when the queue is made", "[virtio][split][2.7]") {
  Fixture f;
  QueueConfig config = f.config();
  RingFault expected = RingFault::kBadRingAddress;
  SECTION("descriptor table misaligned") {
    config.descriptor_area = GuestAddress{to_integer(config.descriptor_area) + 8};
  }
  SECTION("avail ring misaligned") {
    config.driver_area = GuestAddress{to_integer(config.driver_area) + 1};
  }
  SECTION("used ring misaligned") {
    config.device_area = GuestAddress{to_integer(config.device_area) + 2};
  }
  SECTION("descriptor table outside RAM") {
    config.descriptor_area = GuestAddress{0};
  }
  SECTION("avail ring over the end of RAM") {
    config.driver_area = GuestAddress{TestMemory::kBase + (8 << 20) - 16};
  }
  SECTION("used ring wraps") {
    config.device_area = GuestAddress{UINT64_MAX - 3};
  }
  SECTION("size zero") {
    config.size = 0;
    expected = RingFault::kBadQueueSize;
  }
  SECTION("size no power of two") {
    config.size = 6;
    expected = RingFault::kBadQueueSize;
  }
  SECTION("size above 32768") {
    config.size = 65535;
    expected = RingFault::kBadQueueSize;
  }
  const auto created = virtio::make_queue(config, f.memory.memory(), FeatureSet());
  REQUIRE_FALSE(created);
  CHECK(created.error() == expected);
}

TEST_CASE("SplitQueue: an avail index ahead by more than the queue size is a fault",
          "[virtio][split][2.7.13]") {
  Fixture f;
  const int ahead = GENERATE(kSize + 1, 32768, 65535);
  f.ring.set_avail_index(static_cast<std::uint16_t>(ahead));
  CHECK(f.pop_fault() == RingFault::kAvailIndexAhead);
  // And stays one, whatever the driver does then.
  f.ring.set_avail_index(1);
  CHECK(f.pop_fault() == RingFault::kAvailIndexAhead);
}

TEST_CASE("SplitQueue: an avail index that goes back is a fault", "[virtio][split][2.7.6.1]") {
  Fixture f;
  f.add_readable();
  f.add_readable();
  f.pop().discard();
  f.pop().discard();
  f.ring.set_avail_index(1);
  CHECK(f.pop_fault() == RingFault::kAvailIndexAhead);
}

TEST_CASE("SplitQueue: no more chains than the queue is long can be in flight", "[virtio][split][2.7.13]") {
  Fixture f;
  std::vector<DescriptorChain> in_flight;
  for (std::uint16_t i = 0; i < kSize; ++i) {
    f.add_readable();
    in_flight.push_back(f.pop());
  }
  f.ring.make_available(0);  // although it is in flight
  CHECK(f.pop_fault() == RingFault::kAvailIndexAhead);
  for (DescriptorChain& chain : in_flight)
    chain.discard();
}

TEST_CASE("SplitQueue: hostile chains are faults", "[virtio][split][hostile]") {
  Fixture f;
  const std::uint64_t ram = f.memory.allocate(4096).address;
  RingFault expected{};
  SECTION("head not below the queue size") {
    f.ring.make_available(kSize);
    expected = RingFault::kHeadOutOfRange;
  }
  SECTION("next not below the queue size") {
    f.ring.set_descriptor(0, {ram, 16, kNext, kSize});
    f.ring.make_available(0);
    expected = RingFault::kNextOutOfRange;
  }
  SECTION("descriptor that follows itself") {
    f.ring.set_descriptor(0, {ram, 16, kNext, 0});
    f.ring.make_available(0);
    expected = RingFault::kChainTooLong;
  }
  SECTION("loop of two") {
    f.ring.set_descriptor(0, {ram, 16, kNext, 1});
    f.ring.set_descriptor(1, {ram, 16, kNext, 0});
    f.ring.make_available(0);
    expected = RingFault::kChainTooLong;
  }
  SECTION("readable after writable") {
    f.ring.set_descriptor(0, {ram, 16, kNext | kWrite, 1});
    f.ring.set_descriptor(1, {ram, 16, 0, 0});
    f.ring.make_available(0);
    expected = RingFault::kReadableAfterWritable;
  }
  SECTION("buffer outside RAM") {
    f.ring.set_descriptor(0, {0xFEE0'0000, 16, 0, 0});
    f.ring.make_available(0);
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("buffer over the end of RAM") {
    f.ring.set_descriptor(0, {TestMemory::kBase + (8 << 20) - 8, 16, 0, 0});
    f.ring.make_available(0);
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("buffer that wraps") {
    f.ring.set_descriptor(0, {UINT64_MAX - 7, 16, kWrite, 0});
    f.ring.make_available(0);
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("4 GiB - 1 in one buffer") {
    f.ring.set_descriptor(0, {ram, UINT32_MAX, 0, 0});
    f.ring.make_available(0);
    expected = RingFault::kBadBufferAddress;
  }
  CHECK(f.pop_fault() == expected);
  CHECK(f.pop_fault() == expected);
}

TEST_CASE("SplitQueue: a chain of 2^32 bytes is a fault", "[virtio][split][2.7.5.2]") {
  TestMemory memory(std::size_t{1} << 20);
  const std::uint16_t size = 8192;
  SplitRing ring(memory, size, false);
  auto queue = SplitQueue::create(test::config_of(ring), memory.memory(), FeatureSet());
  REQUIRE(queue);
  // 8191 times the same 512 KiB and some: together just above 2^32 - 1.
  const std::uint32_t length = 525'000;
  for (std::uint16_t i = 0; i < size; ++i) {
    ring.set_descriptor(i, {TestMemory::kBase, length, kNext, static_cast<std::uint16_t>(i + 1)});
  }
  ring.make_available(0);
  DescriptorChain chain;
  const auto popped = (*queue)->pop(chain);
  REQUIRE_FALSE(popped);
  CHECK(popped.error() == RingFault::kTooManyBytes);
}

TEST_CASE("SplitQueue: hostile indirect tables are faults", "[virtio][split][2.7.5.3][hostile]") {
  Fixture f;
  const std::uint64_t ram = f.memory.allocate(4096).address;
  const Buffer table = f.memory.allocate(64 * 16);
  const auto entry = [&](std::size_t i, std::uint64_t address, std::uint32_t length, std::uint16_t flags,
                         std::uint16_t next) {
    std::memcpy(table.bytes.data() + 16 * i, &address, 8);
    std::memcpy(table.bytes.data() + 16 * i + 8, &length, 4);
    std::memcpy(table.bytes.data() + 16 * i + 12, &flags, 2);
    std::memcpy(table.bytes.data() + 16 * i + 14, &next, 2);
  };
  entry(0, ram, 16, 0, 0);
  RingFault expected{};
  SECTION("length zero") {
    f.ring.set_descriptor(0, {table.address, 0, kIndirect, 0});
    expected = RingFault::kBadIndirectLength;
  }
  SECTION("length no multiple of 16") {
    f.ring.set_descriptor(0, {table.address, 24, kIndirect, 0});
    expected = RingFault::kBadIndirectLength;
  }
  SECTION("table outside RAM") {
    f.ring.set_descriptor(0, {0xFEE0'0000, 16, kIndirect, 0});
    expected = RingFault::kBadBufferAddress;
  }
  SECTION("table of 2^28 entries") {
    f.ring.set_descriptor(0, {table.address, 0xFFFF'FFF0, kIndirect, 0});
    expected = RingFault::kChainTooLong;
  }
  SECTION("with NEXT") {
    f.ring.set_descriptor(0, {table.address, 16, kIndirect | kNext, 1});
    expected = RingFault::kIndirectWithNext;
  }
  SECTION("nested") {
    entry(0, table.address, 16, kIndirect, 0);
    f.ring.set_descriptor(0, {table.address, 16, kIndirect, 0});
    expected = RingFault::kIndirectNested;
  }
  SECTION("next outside the table") {
    entry(0, ram, 16, kNext, 2);
    f.ring.set_descriptor(0, {table.address, 32, kIndirect, 0});
    expected = RingFault::kNextOutOfRange;
  }
  SECTION("loop in the table") {
    entry(0, ram, 16, kNext, 0);
    f.ring.set_descriptor(0, {table.address, 32, kIndirect, 0});
    expected = RingFault::kChainTooLong;
  }
  f.ring.make_available(0);
  CHECK(f.pop_fault() == expected);
}

TEST_CASE("SplitQueue: an indirect descriptor without the feature is a fault", "[virtio][split][2.7.5.3]") {
  Fixture f(true, false);
  const Buffer buffer = f.memory.allocate(16);
  REQUIRE(f.ring.add(std::vector<Segment>{{buffer.address, 16, false}}, true));
  CHECK(f.pop_fault() == RingFault::kIndirectNotNegotiated);
}

TEST_CASE("SplitQueue: an indirect table may be longer than the queue, as Linux makes them",
          "[virtio][split][2.7.5.3]") {
  Fixture f;
  const std::uint32_t entries = GENERATE(std::uint32_t{kSize + 1}, virtio::kMaxChainDescriptors);
  const Buffer buffer = f.memory.allocate(entries);
  std::vector<Segment> segments;
  for (std::uint32_t i = 0; i < entries; ++i)
    segments.push_back({buffer.address + i, 1, false});
  REQUIRE(f.ring.add(segments, true));
  DescriptorChain chain = f.pop();
  CHECK(chain.readable_bytes() == entries);
  chain.discard();
}

TEST_CASE("SplitQueue: direct descriptors may come before an indirect one", "[virtio][split][2.7.5.3]") {
  Fixture f;
  const Buffer buffer = f.memory.allocate(32);
  const Buffer table = f.memory.allocate(16);
  const std::uint64_t address = buffer.address + 16;
  const std::uint32_t length = 16;
  std::memcpy(table.bytes.data(), &address, 8);
  std::memcpy(table.bytes.data() + 8, &length, 4);
  std::memset(table.bytes.data() + 12, 0, 4);
  f.ring.set_descriptor(0, {buffer.address, 16, kNext, 1});
  // 2.7.5.3.2: the WRITE flag of a descriptor that refers to a table is ignored.
  f.ring.set_descriptor(1, {table.address, 16, kIndirect | kWrite, 0});
  f.ring.make_available(0);
  DescriptorChain chain = f.pop();
  CHECK(chain.readable_bytes() == 32);
  CHECK(chain.writable_bytes() == 0);
  chain.discard();
}

TEST_CASE("SplitQueue: a buffer may lie in two adjacent regions", "[virtio][split]") {
  TestMemory memory({{0x10000, 0x4000}, {0x14000, 0x1000}});
  SplitRing ring(memory, kSize, false);
  auto queue = SplitQueue::create(test::config_of(ring), memory.memory(), FeatureSet());
  REQUIRE(queue);
  REQUIRE(ring.add(std::vector<Segment>{{0x13FFE, 4, true}}));
  DescriptorChain chain;
  const auto popped = (*queue)->pop(chain);
  REQUIRE(popped);
  REQUIRE(*popped);
  const test::Bytes content(4, std::byte{0x5A});
  REQUIRE(chain.writer().write(content));
  CHECK(memory.at(0x13FFF, 1)[0] == std::byte{0x5A});
  CHECK(memory.at(0x14001, 1)[0] == std::byte{0x5A});
  chain.discard();
}

TEST_CASE("SplitQueue: without EVENT_IDX the driver's flag suppresses interrupts", "[virtio][split][2.7.7]") {
  Fixture f(false);
  f.ring.want_interrupt(true);
  f.add_readable();
  f.queue->complete(f.pop(), 0);
  CHECK(f.queue->publish());
  f.ring.want_interrupt(false);
  f.add_readable();
  f.queue->complete(f.pop(), 0);
  CHECK_FALSE(f.queue->publish());
}

TEST_CASE("SplitQueue: with EVENT_IDX an interrupt is due when idx passes used_event",
          "[virtio][split][2.7.7]") {
  Fixture f;
  f.ring.set_used_event(1);  // after the second element
  f.add_readable();
  f.queue->complete(f.pop(), 0);
  CHECK_FALSE(f.queue->publish());
  f.add_readable();
  f.queue->complete(f.pop(), 0);
  CHECK(f.queue->publish());
  f.add_readable();
  f.queue->complete(f.pop(), 0);
  CHECK_FALSE(f.queue->publish());
}

TEST_CASE("SplitQueue: with EVENT_IDX a batch interrupts once when it passes used_event",
          "[virtio][split][2.7.7]") {
  Fixture f;
  f.ring.set_used_event(1);
  for (int i = 0; i < 4; ++i)
    f.add_readable();
  for (int i = 0; i < 4; ++i)
    f.queue->complete(f.pop(), 0);
  CHECK(f.queue->publish());
  CHECK_FALSE(f.queue->publish());  // nothing new
}

TEST_CASE("SplitQueue: a driver is asked not to notify, and then to notify again",
          "[virtio][split][2.7.10]") {
  const bool event_idx = GENERATE(false, true);
  Fixture f(event_idx);
  CHECK_FALSE(f.queue->enable_notifications());
  f.add_readable();
  CHECK(f.ring.needs_kick());
  f.pop().discard();
  f.queue->disable_notifications();
  f.add_readable();
  CHECK_FALSE(f.ring.needs_kick());
  CHECK(f.queue->enable_notifications());  // the chain that came without a notification
  f.pop().discard();
  CHECK_FALSE(f.queue->enable_notifications());
  f.add_readable();
  CHECK(f.ring.needs_kick());
  f.pop().discard();
}

TEST_CASE("SplitQueue: a chain is what it was when popped", "[virtio][split][hostile]") {
  Fixture f;
  const Buffer buffer = f.memory.allocate(64);
  const std::uint16_t head =
      *f.ring.add(std::vector<Segment>{{buffer.address, 16, false}, {buffer.address + 16, 16, true}});
  DescriptorChain chain = f.pop();
  f.ring.set_descriptor(head, {0xFEE0'0000, UINT32_MAX, kWrite, 0});
  CHECK(chain.readable_bytes() == 16);
  CHECK(chain.writable_bytes() == 16);
  chain.discard();
}
