// A driver and a device on threads of their own, over one ring: nothing is lost, torn or announced for ever,
// whatever the timing. ThreadSanitizer sees the same accesses as a guest and its device make.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/driver/driver_ring.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/ring_fixture.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::DescriptorChain;

namespace {

// An event of one direction; waiting takes it. A wait that nobody ends is a notification that was lost.
class Event {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_one();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20), [this] { return is_set_; });
    is_set_ = false;
    return came;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

struct Line {
  Event kick;
  Event interrupt;
  std::atomic<bool> ended{false};
  std::atomic<bool> faulted{false};
};

// Copies the 8 readable bytes of each chain to its writable ones; returns chains late and out of order.
void serve(virtio::Queue& queue, Line& line) {
  std::mt19937 random(3);
  std::vector<DescriptorChain> taken;
  const auto take = [&] {
    DescriptorChain chain;
    const auto popped = queue.pop(chain);
    if (!popped) line.faulted = true;
    if (!popped || !*popped) return false;
    taken.push_back(std::move(chain));
    return true;
  };
  const auto give_back = [&] {
    while (!taken.empty()) {
      std::swap(taken[random() % taken.size()], taken.back());
      std::uint64_t number = 0;
      (void)taken.back().reader().read(std::as_writable_bytes(std::span(&number, 1)));
      (void)taken.back().writer().write(std::as_bytes(std::span(&number, 1)));
      queue.complete(std::move(taken.back()), 8);
      taken.pop_back();
      if (random() % 4 == 0 && queue.publish()) line.interrupt.set();
    }
    if (queue.publish()) line.interrupt.set();
  };
  while (!line.ended && !line.faulted) {
    queue.disable_notifications();
    do {
      while (take() && taken.size() < 1 + random() % 8) {
      }
      give_back();
    } while (queue.enable_notifications() && !line.faulted);
    if (!line.kick.wait()) line.faulted = true;
  }
}

}  // namespace

TEST_CASE("Rings: two threads exchange requests without losing one or a notification",
          "[virtio][split][packed][in-order][threads][2.7.7][2.7.10][2.8.10]") {
  const bool packed = GENERATE(false, true);
  const bool event_idx = GENERATE(false, true);
  const bool in_order = GENERATE(false, true);
  const std::uint16_t size = packed ? 11 : 16;
  CAPTURE(packed, event_idx, in_order);
  const RingOptions options{.event_idx = event_idx, .indirect = false, .in_order = in_order};
  TestMemory memory(std::size_t{1} << 16);
  std::unique_ptr<DriverRing> ring;
  if (packed) {
    ring = std::make_unique<PackedRing>(memory, size, event_idx);
  } else {
    ring = std::make_unique<SplitRing>(memory, size, event_idx, in_order);
  }
  auto queue = virtio::make_queue(config_of(*ring), memory.memory(), features_of(packed, options));
  REQUIRE(queue);
  std::vector<Buffer> buffers;  // by head or id: 8 bytes in, 8 bytes out
  std::vector<std::uint64_t> numbers(size);
  for (std::uint16_t i = 0; i < size; ++i)
    buffers.push_back(memory.allocate(16));
  std::vector<Buffer> free = buffers;
  std::vector<Buffer> of_head(size);

  Line line;
  std::thread device([&] { serve(**queue, line); });
  std::mt19937 random(1);
  std::uint64_t sent = 0, received = 0, wrong = 0;
  constexpr std::uint64_t kRequests = 20'000;
  while (received < kRequests && !line.faulted) {
    for (std::size_t burst = random() % 6; burst > 0 && sent < kRequests && ring->free_descriptors() >= 2;
         --burst) {
      const Buffer buffer = free.back();
      free.pop_back();
      ++sent;
      std::memcpy(buffer.bytes.data(), &sent, 8);
      std::memset(buffer.bytes.data() + 8, 0, 8);
      const auto head =
          ring->add(std::vector<Segment>{{buffer.address, 8, false}, {buffer.address + 8, 8, true}});
      of_head[*head] = buffer;
      numbers[*head] = sent;
    }
    if (ring->needs_kick()) line.kick.set();
    bool polled = false;
    while (const auto used = ring->poll()) {
      polled = true;
      ++received;
      std::uint64_t answer = 0;
      std::memcpy(&answer, of_head[used->head].bytes.data() + 8, 8);
      if (answer != numbers[used->head] || used->length != 8) ++wrong;
      free.push_back(of_head[used->head]);
    }
    if (polled || received == sent) continue;
    // Nothing there: ask for an interrupt, look once more, and only then sleep.
    ring->want_interrupt(true);
    if (const auto used = ring->poll()) {
      ++received;
      free.push_back(of_head[used->head]);
    } else if (!line.interrupt.wait()) {
      break;
    }
    if (random() % 2 == 0) ring->want_interrupt(false);
  }
  line.ended = true;
  line.kick.set();
  device.join();
  CHECK(received == kRequests);
  CHECK(wrong == 0);
  CHECK_FALSE(line.faulted);
}
