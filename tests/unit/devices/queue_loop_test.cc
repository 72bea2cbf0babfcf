// Stopping a queue while work goes on: what a reset of a queue or of the device relies on.
#include "virtcrypt/devices/queue_loop.h"

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include <unistd.h>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "tests/driver/split_ring.h"
#include "tests/driver/test_memory.h"
#include "tests/support/catch.h"
#include "virtcrypt/virtio/driver_observer.h"
#include "virtcrypt/virtio/queue.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

class NoInterrupts final : public virtio::InterruptSink {
 public:
  void notify_used(virtio::QueueIndex) override {}
  void notify_config_change() override {}
  void device_needs_reset() override {}
};

// Takes chains and keeps them until the test says that they are done.
class HoldingQueue final : public devices::QueueLoop {
 public:
  using QueueLoop::QueueLoop;
  void finish_one() {
    chains.back().discard();
    chains.pop_back();
    end_work();
  }

  std::vector<virtio::DescriptorChain> chains;

 private:
  bool run_one_batch() override {
    virtio::DescriptorChain chain;
    if (!pop(chain)) return false;
    chains.push_back(std::move(chain));
    begin_work();
    return true;
  }
  void on_fault(const char*) override {}
};

// A ring whose driver makes something available whenever the device looks once more, and takes it back.
class TeasingRing final : public virtio::Queue {
 public:
  explicit TeasingRing(int& looks) : looks_(looks) {}
  [[nodiscard]] std::uint16_t size() const override { return 8; }
  [[nodiscard]] virtio::RingResult<bool> pop(virtio::DescriptorChain&) override {
    ++looks_;
    return false;
  }
  [[nodiscard]] bool has_available() const override { return false; }
  void complete(virtio::DescriptorChain&&, std::uint32_t) override {}
  [[nodiscard]] bool publish() override { return false; }
  void disable_notifications() override {}
  [[nodiscard]] bool enable_notifications() override { return true; }
  [[nodiscard]] virtio::QueuePosition position() const override { return {}; }
  void set_observer(std::unique_ptr<virtio::RingObserver>) override {}

 private:
  int& looks_;
};

}  // namespace

TEST_CASE("QueueLoop: a driver that teases it does not keep the loop", "[devices][queue-loop][starvation]") {
  asio::io_context loop;
  const std::atomic<bool> bus_master{true};
  NoInterrupts interrupts;
  HoldingQueue queue(loop, virtio::QueueIndex{0}, bus_master);
  int looks = 0;
  queue.start(std::make_unique<TeasingRing>(looks), interrupts);
  loop.run_one();
  CHECK(looks == 64);
  bool others_had_their_turn = false;
  asio::post(loop, [&] { others_had_their_turn = true; });
  for (int i = 0; i < 3 && !others_had_their_turn; ++i)
    loop.run_one();
  CHECK(others_had_their_turn);
  CHECK(looks == 128);
}

TEST_CASE("QueueLoop: while it stops nothing is taken, and everyone who asked is told when it has",
          "[devices][queue-loop][VQRST-DEV-001]") {
  asio::io_context loop;
  const std::atomic<bool> bus_master{true};
  NoInterrupts interrupts;
  TestMemory memory(std::size_t{1} << 16);
  SplitRing ring(memory, 8, false);
  const auto add = [&] { REQUIRE(ring.add(std::vector<Segment>{{TestMemory::kBase, 1, false}})); };
  auto made = virtio::make_queue({.size = 8,
                                  .descriptor_area = virtio::GuestAddress{ring.descriptor_area()},
                                  .driver_area = virtio::GuestAddress{ring.driver_area()},
                                  .device_area = virtio::GuestAddress{ring.device_area()}},
                                 memory.memory(), virtio::FeatureSet());
  REQUIRE(made);
  HoldingQueue queue(loop, virtio::QueueIndex{0}, bus_master);
  add();
  queue.start(std::move(*made), interrupts);
  loop.poll();
  REQUIRE(queue.chains.size() == 1);

  std::vector<int> told;
  queue.stop([&] { told.push_back(1); });
  loop.poll();
  queue.stop([&] { told.push_back(2); });
  add();
  const std::uint64_t kick = 1;
  REQUIRE(::write(queue.kick_fd(), &kick, sizeof kick) == sizeof kick);
  loop.poll();
  CHECK(queue.chains.size() == 1);
  CHECK(told.empty());  // one is still in flight
  queue.finish_one();
  CHECK(told == std::vector<int>{1, 2});
  // A queue that is stopped already is stopped at once.
  queue.stop([&] { told.push_back(3); });
  loop.poll();
  CHECK(told == std::vector<int>{1, 2, 3});
}
