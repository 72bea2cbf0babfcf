// VIRTIO_F_IN_ORDER (VIRTIO 1.4, 2.7.9, 2.8.8): whatever the order in which the device completes, buffers
// come back in the order in which they were made available.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "tests/driver/driver_ring.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/ring_fixture.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::DescriptorChain;

namespace {

struct InOrderFixture : QueueUser {
  InOrderFixture(bool packed, std::uint16_t size) {
    const RingOptions options{.in_order = true};
    if (packed) {
      ring = std::make_unique<PackedRing>(memory, size, options.event_idx);
    } else {
      ring = std::make_unique<SplitRing>(memory, size, options.event_idx, options.in_order);
    }
    auto made = virtio::make_queue(config_of(*ring), memory.memory(), features_of(packed, options));
    REQUIRE(made);
    queue = std::move(*made);
  }
  std::uint16_t add(std::size_t descriptors = 1) {
    const auto head = ring->add(std::vector<Segment>(descriptors, {TestMemory::kBase, 1, true}));
    REQUIRE(head);
    return *head;
  }
  std::size_t poll_all() {
    std::size_t polled = 0;
    while (ring->poll())
      ++polled;
    return polled;
  }

  TestMemory memory;
  std::unique_ptr<DriverRing> ring;
};

}  // namespace

TEST_CASE("IN_ORDER: a chain waits for those before it", "[virtio][split][packed][in-order][RSVD-DEV-005]") {
  InOrderFixture f(GENERATE(false, true), 4);
  const std::uint16_t heads[] = {f.add(), f.add(), f.add()};
  DescriptorChain first = f.pop();
  DescriptorChain second = f.pop();
  DescriptorChain third = f.pop();
  f.queue->complete(std::move(third), 3);
  CHECK_FALSE(f.queue->publish());  // nothing to tell, so no interrupt
  CHECK_FALSE(f.ring->poll());
  f.queue->complete(std::move(first), 1);
  CHECK(f.queue->publish());
  const auto used = f.ring->poll();
  REQUIRE(used);
  CHECK(used->head == heads[0]);
  CHECK(used->length == 1);
  CHECK_FALSE(f.ring->poll());
  f.queue->complete(std::move(second), 2);
  (void)f.queue->publish();
  // Each comes with a used element and a length of its own.
  for (const std::uint32_t i : {1U, 2U}) {
    const auto next = f.ring->poll();
    REQUIRE(next);
    CHECK(next->head == heads[i]);
    CHECK(next->length == i + 1);
  }
}

TEST_CASE("IN_ORDER: every order of completion comes back in one",
          "[virtio][split][packed][in-order][RSVD-DEV-005]") {
  const bool packed = GENERATE(false, true);
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    InOrderFixture f(packed, 4);
    std::vector<std::uint16_t> heads;
    std::vector<DescriptorChain> chains;
    for (std::size_t i = 0; i < order.size(); ++i)
      heads.push_back(f.add());
    for (std::size_t i = 0; i < order.size(); ++i)
      chains.push_back(f.pop());
    std::vector<std::uint16_t> returned;
    for (const std::size_t which : order) {
      f.queue->complete(std::move(chains[which]), 0);
      (void)f.queue->publish();
      while (const auto used = f.ring->poll())
        returned.push_back(static_cast<std::uint16_t>(used->head));
    }
    REQUIRE(returned == heads);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("IN_ORDER: random traffic stays in order", "[virtio][split][packed][in-order][RSVD-DEV-005]") {
  const bool packed = GENERATE(false, true);
  const std::uint16_t size =
      packed ? GENERATE(as<std::uint16_t>{}, 1, 3, 7, 16, 33) : GENERATE(as<std::uint16_t>{}, 1, 2, 16, 64);
  InOrderFixture f(packed, size);
  std::mt19937 random(size);
  std::vector<std::uint16_t> expected;  // not yet back
  std::vector<DescriptorChain> chains;
  for (int round = 0; round < 4000; ++round) {
    for (std::size_t i = random() % 4; i > 0; --i) {
      const std::size_t descriptors = 1 + random() % 3;
      if (f.ring->free_descriptors() < descriptors) continue;
      expected.push_back(f.add(descriptors));
      chains.push_back(f.pop());
    }
    for (std::size_t i = random() % (chains.size() + 1); i > 0; --i) {
      const auto which = static_cast<std::ptrdiff_t>(random() % chains.size());
      f.queue->complete(std::move(chains[static_cast<std::size_t>(which)]), 0);
      chains.erase(chains.begin() + which);
    }
    (void)f.queue->publish();
    while (const auto used = f.ring->poll()) {
      REQUIRE_FALSE(expected.empty());
      REQUIRE(used->head == expected.front());
      expected.erase(expected.begin());
    }
    REQUIRE(expected.size() >= chains.size());
    if (chains.empty()) REQUIRE(expected.empty());  // nothing is held back for no reason
  }
  for (DescriptorChain& chain : chains)
    chain.discard();
}

TEST_CASE("IN_ORDER: the last of a full ring may be the first that is done",
          "[virtio][split][packed][in-order]") {
  InOrderFixture f(GENERATE(false, true), 8);
  std::vector<DescriptorChain> chains;
  for (int lap = 0; lap < 3; ++lap) {
    for (int i = 0; i < 8; ++i)
      f.add();
    for (int i = 0; i < 8; ++i)
      chains.push_back(f.pop());
    while (chains.size() > 1) {
      f.queue->complete(std::move(chains.back()), 0);
      chains.pop_back();
      CHECK_FALSE(f.queue->publish());
    }
    f.queue->complete(std::move(chains.back()), 0);
    chains.pop_back();
    CHECK(f.queue->publish());
    CHECK(f.poll_all() == 8);
    f.ring->want_interrupt(true);
  }
}
