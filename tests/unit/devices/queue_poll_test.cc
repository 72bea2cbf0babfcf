// Looking at an empty queue for a while before its loop sleeps: when that is done, and for whom it ends.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <unistd.h>
#include <asio/io_context.hpp>

#include "tests/support/catch.h"
#include "virtcrypt/devices/queue_loop.h"
#include "virtcrypt/virtio/queue.h"

using namespace virtcrypt;

namespace {

class NoInterrupts final : public virtio::InterruptSink {
 public:
  void notify_used(virtio::QueueIndex) override {}
  void notify_config_change() override {}
  void device_needs_reset() override {}
};

// What a driver does with a ring, step by step: chains that are there, and those that come while it is looked
// at.
struct Script {
  int available = 0;
  int comes_at_look = 0;  // 0: nothing comes
  int looks = 0;          // through has_available()
  int notifications = 0;  // times that they were asked for
};

class ScriptedRing final : public virtio::Queue {
 public:
  explicit ScriptedRing(Script& script) : script_(script) {}
  [[nodiscard]] std::uint16_t size() const override { return 8; }
  [[nodiscard]] virtio::RingResult<bool> pop(virtio::DescriptorChain& chain) override {
    if (script_.available == 0) return false;
    --script_.available;
    chain = virtio::DescriptorChain(std::make_unique<virtio::ChainStorage>());
    return true;
  }
  [[nodiscard]] bool has_available() const override {
    if (++script_.looks == script_.comes_at_look) ++script_.available;
    return script_.available != 0;
  }
  void complete(virtio::DescriptorChain&& chain, std::uint32_t) override { chain.discard(); }
  [[nodiscard]] bool publish() override { return false; }
  void disable_notifications() override {}
  [[nodiscard]] bool enable_notifications() override {
    ++script_.notifications;
    return false;
  }
  [[nodiscard]] virtio::QueuePosition position() const override { return {}; }
  void set_observer(std::unique_ptr<virtio::RingObserver>) override {}

 private:
  Script& script_;
};

class CountingQueue final : public devices::QueueLoop {
 public:
  using QueueLoop::QueueLoop;
  void hold() { begin_work(); }
  void let_go() { end_work(); }
  void kick() {
    const std::uint64_t one = 1;
    REQUIRE(::write(kick_fd(), &one, sizeof one) == sizeof one);
  }

  int served = 0;

 private:
  bool run_one_batch() override {
    virtio::DescriptorChain chain;
    bool popped = false;
    while (pop(chain)) {
      popped = true;
      ++served;
      complete(std::move(chain), 0);
    }
    return popped;
  }
  void on_fault(const char*) override {}
};

// Two queues of one loop, which the test runs itself.
struct Pair {
  explicit Pair(std::chrono::nanoseconds poll) {
    share.poll = poll;
    first.share_loop(share);
    second.share_loop(share);
    first.start(std::make_unique<ScriptedRing>(first_ring), interrupts);
    second.start(std::make_unique<ScriptedRing>(second_ring), interrupts);
    loop.poll();
    first_ring.looks = second_ring.looks = 0;
  }
  // The driver makes one available and notifies.
  void submit() {
    ++first_ring.available;
    first.kick();
    loop.poll();
  }

  asio::io_context loop;
  std::atomic<bool> bus_master{true};
  NoInterrupts interrupts;
  Script first_ring, second_ring;
  devices::LoopShare share;
  CountingQueue first{loop, virtio::QueueIndex{0}, bus_master};
  CountingQueue second{loop, virtio::QueueIndex{1}, bus_master};
};

constexpr std::chrono::seconds kLong{20};  // longer than the test
constexpr std::chrono::milliseconds kShort{20};

}  // namespace

TEST_CASE("QueueLoop: a chain that comes while the empty ring is looked at needs no notification",
          "[devices][queue-loop][poll]") {
  Pair pair(kLong);
  pair.first_ring.comes_at_look = 5;
  // The driver comes back soon after the ring ran empty: it is looked at from now on. The second look ends
  // when the other queue has something to do.
  pair.second_ring.comes_at_look = 20;
  pair.submit();
  CHECK(pair.first.served == 2);
  CHECK(pair.first_ring.looks > 5);
  CHECK(pair.first_ring.notifications == 2);  // at the start and at the end, not in between
}

TEST_CASE("QueueLoop: work of another queue, or in flight, and a stop end the look at an empty ring at once",
          "[devices][queue-loop][poll]") {
  const auto start = std::chrono::steady_clock::now();
  Pair pair(kLong);
  std::function<void()> later;
  SECTION("a chain in another queue") {
    pair.second_ring.comes_at_look = 3;
  }
  SECTION("work in flight, whose result comes through the loop") {
    pair.second.hold();
  }
  SECTION("a stop of the queue") {
    later = [&] { pair.first.stop([] {}); };
  }
  SECTION("a stop of another queue") {
    later = [&] { pair.second.stop([] {}); };
  }
  SECTION("a driver that takes bus mastering away") {
    later = [&] { pair.bus_master = false; };
  }
  std::thread thread([&] {
    std::this_thread::sleep_for(kShort);
    if (later) later();
  });
  pair.submit();  // comes back before the 20 seconds are over
  thread.join();
  CHECK(pair.first.served == 1);
  CHECK(std::chrono::steady_clock::now() - start < kLong / 2);
}

TEST_CASE("QueueLoop: where the driver stays away longer than that, the loop sleeps at once",
          "[devices][queue-loop][poll]") {
  Pair pair(kShort);
  std::this_thread::sleep_for(2 * kShort);
  pair.submit();
  CHECK(pair.first.served == 1);
  CHECK(pair.first_ring.looks == 0);
  // It comes back at once: the ring is looked at, but no longer than said.
  pair.submit();
  CHECK(pair.first.served == 2);
  CHECK(pair.first_ring.looks > 0);
  const int looks = pair.first_ring.looks;
  std::this_thread::sleep_for(2 * kShort);
  pair.submit();
  CHECK(pair.first_ring.looks == looks);
}

TEST_CASE("QueueLoop: with no time to look, an empty ring is not looked at", "[devices][queue-loop][poll]") {
  Pair pair(std::chrono::nanoseconds(0));
  pair.submit();
  pair.submit();
  CHECK(pair.first.served == 2);
  CHECK(pair.first_ring.looks == 0);
}
