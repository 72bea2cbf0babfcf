// Packed virtqueues as a driver drives them. Hostile drivers: packed_queue_faults_test.cc.
#include "virtcrypt/virtio/packed_queue.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "tests/driver/packed_ring.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/ring_fixture.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::DescriptorChain;

namespace {

Bytes bytes_of(const DescriptorChain& chain) {
  Bytes bytes(chain.readable_bytes());
  REQUIRE(chain.reader().read(bytes));
  return bytes;
}

// What the driver has put on the ring and the device has not returned.
struct InFlight {
  std::uint16_t id;
  Bytes content;
  std::uint32_t room;
};

// Random traffic: chains of all shapes, completed in any order, returned in batches of any size.
class Traffic {
 public:
  Traffic(std::uint16_t size, unsigned seed) : f_(size), random_(seed) {}
  ~Traffic() {
    for (DescriptorChain& chain : taken_)
      chain.discard();
  }

  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = pick(4); i > 0; --i)
        add();
      take_all();
      return_some();
      if (in_flight_.empty()) f_.memory.rewind(mark_);
    }
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void add() {
    const std::size_t readable = 1 + pick(3);
    const std::size_t writable = pick(3);
    const bool indirect = pick(2) == 0;
    if (f_.ring.free_descriptors() < (indirect ? 1 : readable + writable)) return;
    InFlight added{0, {}, 0};
    std::vector<Segment> segments;
    for (std::size_t i = 0; i < readable; ++i) {
      const Bytes part(1 + pick(5), static_cast<std::byte>(pick(256)));
      added.content.insert(added.content.end(), part.begin(), part.end());
      segments.push_back({f_.memory.allocate(part).address, static_cast<std::uint32_t>(part.size()), false});
    }
    for (std::size_t i = 0; i < writable; ++i) {
      const auto bytes = static_cast<std::uint32_t>(1 + pick(5));
      segments.push_back({f_.memory.allocate(bytes).address, bytes, true});
      added.room += bytes;
    }
    const auto id = f_.ring.add(segments, indirect);
    REQUIRE(id);
    added.id = *id;
    in_flight_.push_back(std::move(added));
  }

  void take_all() {
    while (taken_.size() < in_flight_.size()) {
      DescriptorChain chain = f_.pop();
      const InFlight& expected = in_flight_[taken_.size()];  // PACKED-DEV-001
      REQUIRE(chain.head() == expected.id);
      REQUIRE(bytes_of(chain) == expected.content);
      REQUIRE(chain.writable_bytes() == expected.room);
      taken_.push_back(std::move(chain));
    }
    REQUIRE(f_.pop_is_empty());
  }

  void return_some() {
    std::deque<Used> expected;
    for (std::size_t i = pick(taken_.size() + 1); i > 0; --i) {
      const auto which = static_cast<std::ptrdiff_t>(pick(taken_.size()));
      const auto written = static_cast<std::uint32_t>(pick(in_flight_[which].room + std::size_t{1}));
      expected.push_back({in_flight_[which].id, written});
      f_.queue->complete(std::move(taken_[which]), written);
      taken_.erase(taken_.begin() + which);
      in_flight_.erase(in_flight_.begin() + which);
      REQUIRE_FALSE(f_.ring.poll());  // nothing is visible before publish()
    }
    (void)f_.queue->publish();
    for (const Used& one : expected) {  // PACKED-DEV-002
      const auto used = f_.ring.poll();
      REQUIRE(used);
      REQUIRE(used->head == one.head);
      REQUIRE(used->length == one.length);
    }
    REQUIRE_FALSE(f_.ring.poll());
  }

  PackedFixture f_;
  std::mt19937 random_;
  std::size_t mark_ = f_.memory.mark();
  std::deque<InFlight> in_flight_;
  std::deque<DescriptorChain> taken_;
};

}  // namespace

TEST_CASE("PackedQueue: an empty ring gives no chain", "[virtio][packed][2.8.1]") {
  PackedFixture f(8);
  CHECK(f.pop_is_empty());
}

TEST_CASE("PackedQueue: random traffic on rings of every size",
          "[virtio][packed][2.8][PACKED-DEV-001][PACKED-DEV-002][PACKED-DEV-008]") {
  for (std::uint16_t size = 1; size <= 33; ++size) {
    CAPTURE(size);
    Traffic(size, size).run(300);
  }
}

TEST_CASE("PackedQueue: random traffic on large rings", "[virtio][packed][2.8]") {
  const std::uint16_t size = GENERATE(as<std::uint16_t>{}, 100, 255, 257, 1000, 4095, 32767, 32768);
  CAPTURE(size);
  Traffic(size, size).run(2000);
}

TEST_CASE("PackedQueue: the largest ring wraps", "[virtio][packed][2.8.1]") {
  const std::uint16_t size = GENERATE(as<std::uint16_t>{}, 32767, 32768);
  PackedFixture f(size);
  const std::uint32_t once_and_a_half = size + size / 2U;
  f.step(once_and_a_half);
  CHECK(f.ring.next_avail() == RingPosition{static_cast<std::uint16_t>(size / 2), false});
  f.add(size);  // all of it in one chain, over the end
  f.complete_and_poll(0);
  CHECK(f.pop_is_empty());
}

TEST_CASE("PackedQueue: a chain may wrap at every position and have every length",
          "[virtio][packed][2.8.6]") {
  for (std::uint16_t size = 1; size <= 12; ++size) {
    for (std::uint16_t start = 0; start < 2 * size; ++start) {
      for (std::uint16_t length = 1; length <= size; ++length) {
        PackedFixture f(size, {}, std::size_t{1} << 14);
        f.step(start);
        f.add(length);
        DescriptorChain chain = f.pop();
        REQUIRE(chain.readable_bytes() == length);
        REQUIRE(f.pop_is_empty());
        f.queue->complete(std::move(chain), 0);
        (void)f.queue->publish();
        REQUIRE(f.ring.poll());
        REQUIRE(f.ring.next_used() == f.ring.next_avail());
        f.step(size);  // and goes on
      }
    }
  }
}

TEST_CASE("PackedQueue: a full ring gives one chain after the other", "[virtio][packed][2.8]") {
  const std::uint16_t size = GENERATE(as<std::uint16_t>{}, 1, 2, 3, 7, 8);
  PackedFixture f(size);
  f.step(size / 2U);
  std::vector<DescriptorChain> chains;
  for (std::uint16_t i = 0; i < size; ++i)
    f.add();
  for (std::uint16_t i = 0; i < size; ++i)
    chains.push_back(f.pop());
  CHECK(f.pop_is_empty());
  for (DescriptorChain& chain : chains)
    f.queue->complete(std::move(chain), 0);
  (void)f.queue->publish();
  for (std::uint16_t i = 0; i < size; ++i)
    CHECK(f.ring.poll());
  CHECK_FALSE(f.ring.poll());
  CHECK(f.ring.free_descriptors() == size);
}

TEST_CASE("PackedQueue: readable and writable parts of a chain are read in order",
          "[virtio][packed][2.8.5]") {
  const bool indirect = GENERATE(false, true);
  PackedFixture f(8);
  f.step(6);
  const Buffer first = f.memory.allocate(Bytes{std::byte{1}, std::byte{2}, std::byte{3}});
  const Buffer second = f.memory.allocate(Bytes{std::byte{4}, std::byte{5}});
  const Buffer out = f.memory.allocate(7);
  const auto id = f.ring.add(std::vector<Segment>{{first.address, 3, false},
                                                  {second.address, 2, false},
                                                  {out.address, 3, true},
                                                  {out.address + 3, 4, true}},
                             indirect);
  REQUIRE(id);
  DescriptorChain chain = f.pop();
  CHECK(chain.head() == *id);
  CHECK(chain.writable_bytes() == 7);
  const Bytes read = bytes_of(chain);
  CHECK(read == Bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}});
  REQUIRE(chain.writer().write(read));
  CHECK(std::memcmp(out.bytes.data(), read.data(), 5) == 0);
  f.queue->complete(std::move(chain), 5);
  (void)f.queue->publish();
  const auto used = f.ring.poll();
  REQUIRE(used);
  CHECK(used->head == *id);
  CHECK(used->length == 5);
}

TEST_CASE("PackedQueue: a used descriptor says what 2.8 wants, and its neighbours stay as they are",
          "[virtio][packed][2.8.4][2.8.6][PACKED-DEV-007]") {
  PackedFixture f(4);
  const bool second_lap = GENERATE(false, true);
  if (second_lap) f.step(4);
  const std::uint16_t lap_bits = second_lap ? 0 : kAvail | kUsed;
  const Buffer out = f.memory.allocate(8);
  const auto id = f.ring.add(
      std::vector<Segment>{{out.address, 3, false}, {out.address, 3, true}, {out.address, 2, true}});
  REQUIRE(id);
  const PackedDescriptor others[] = {f.ring.descriptor(1), f.ring.descriptor(2), f.ring.descriptor(3)};
  const std::uint32_t written = GENERATE(0U, 5U);
  f.queue->complete(f.pop(), written);
  (void)f.queue->publish();
  const PackedDescriptor used = f.ring.descriptor(0);
  CHECK(used.id == *id);
  CHECK(used.length == written);
  CHECK(used.flags == (lap_bits | (written > 0 ? kWrite : 0)));
  for (std::uint16_t slot = 1; slot < 4; ++slot) {
    CHECK(f.ring.descriptor(slot).flags == others[slot - 1].flags);
    CHECK(f.ring.descriptor(slot).id == others[slot - 1].id);
    CHECK(f.ring.descriptor(slot).length == others[slot - 1].length);
    CHECK(f.ring.descriptor(slot).address == others[slot - 1].address);
  }
  // The next one goes where the chain ended.
  f.add();
  f.queue->complete(f.pop(), 0);
  (void)f.queue->publish();
  CHECK((f.ring.descriptor(3).flags & (kAvail | kUsed)) == lap_bits);
}

TEST_CASE("PackedQueue: chains of different lengths come back out of order", "[virtio][packed][2.8.1]") {
  PackedFixture f(7);
  f.step(5);
  const std::uint16_t three = f.add(3);
  const std::uint16_t one = f.add(1);
  const std::uint16_t two = f.add(2);
  DescriptorChain a = f.pop();
  DescriptorChain b = f.pop();
  DescriptorChain c = f.pop();
  f.queue->complete(std::move(c), 0);
  (void)f.queue->publish();
  CHECK(f.ring.poll()->head == two);
  f.queue->complete(std::move(b), 0);
  f.queue->complete(std::move(a), 0);
  (void)f.queue->publish();
  CHECK(f.ring.poll()->head == one);
  CHECK(f.ring.poll()->head == three);
  CHECK(f.ring.free_descriptors() == 7);
  f.step(20);
}

TEST_CASE("PackedQueue: in an indirect table only WRITE counts", "[virtio][packed][2.8.7]") {
  PackedFixture f(4);
  const Buffer buffer = f.memory.allocate(Bytes{std::byte{1}, std::byte{2}, std::byte{3}});
  const Buffer table = f.memory.allocate(48);
  const auto entry = [&](std::size_t i, std::uint64_t address, std::uint16_t flags) {
    const std::uint32_t length = 1;
    const std::uint16_t id = 0x4444;
    std::memcpy(table.bytes.data() + 16 * i, &address, 8);
    std::memcpy(table.bytes.data() + 16 * i + 8, &length, 4);
    std::memcpy(table.bytes.data() + 16 * i + 12, &id, 2);
    std::memcpy(table.bytes.data() + 16 * i + 14, &flags, 2);
  };
  entry(0, buffer.address, kIndirect | kAvail);
  entry(1, buffer.address + 1, kUsed);  // no NEXT, and yet not the last one
  entry(2, buffer.address + 2, kWrite | kNext);
  // And WRITE of the descriptor that refers to the table does not.
  f.ring.push({.address = table.address, .length = 48, .id = 2, .flags = kIndirect | kWrite});
  DescriptorChain chain = f.pop();
  CHECK(chain.head() == 2);
  CHECK(bytes_of(chain) == Bytes{std::byte{1}, std::byte{2}});
  CHECK(chain.writable_bytes() == 1);
  chain.discard();
}

TEST_CASE("PackedQueue: an indirect table may be longer than the queue", "[virtio][packed][2.8.7]") {
  PackedFixture f(3);
  const std::uint32_t entries = GENERATE(4U, virtio::kMaxChainDescriptors);
  REQUIRE(f.ring.add(std::vector<Segment>(entries, {TestMemory::kBase, 1, false}), true));
  DescriptorChain chain = f.pop();
  CHECK(chain.readable_bytes() == entries);
  chain.discard();
}

TEST_CASE("PackedQueue: a buffer id is any number that is not in flight", "[virtio][packed][2.8.6]") {
  PackedFixture f(4);
  const std::uint16_t id = GENERATE(as<std::uint16_t>{}, 0, 3, 4, 32768, 65535);
  for (int lap = 0; lap < 3; ++lap) {  // one after the other the same id is fine
    f.ring.push({.address = TestMemory::kBase, .length = 1, .id = id, .flags = 0});
    DescriptorChain chain = f.pop();
    CHECK(chain.head() == id);
    f.queue->complete(std::move(chain), 0);
    (void)f.queue->publish();
    CHECK(f.ring.poll()->head == id);
  }
}

TEST_CASE("PackedQueue: a chain is what it was when popped", "[virtio][packed][hostile]") {
  PackedFixture f(4);
  const Buffer buffer = f.memory.allocate(32);
  REQUIRE(f.ring.add(std::vector<Segment>{{buffer.address, 16, false}, {buffer.address + 16, 16, true}}));
  DescriptorChain chain = f.pop();
  for (std::uint16_t slot = 0; slot < 4; ++slot) {
    f.ring.set_descriptor(slot,
                          {.address = 0xFEE0'0000, .length = UINT32_MAX, .id = 77, .flags = kWrite | kNext});
  }
  CHECK(chain.readable_bytes() == 16);
  CHECK(chain.writable_bytes() == 16);
  const std::uint16_t id = chain.head();
  CHECK(id < 4);
  f.queue->complete(std::move(chain), 16);
  (void)f.queue->publish();
  CHECK(f.ring.descriptor(0).id == id);
}
