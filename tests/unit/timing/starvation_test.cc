// A guest that floods a queue does not keep the others from getting on. The bounds are those of
// docs/security.md, and they are counted, not timed.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/timing/steered_engine.h"
#include "tests/unit/timing/talk.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr std::uint16_t kFlooded = 0, kVictim = 1;
constexpr std::uint64_t kFloodSession = 0, kVictimSession = 1;  // as the engine numbers them
constexpr std::size_t kChainsATurn = 64;
constexpr std::size_t kBytesATurn = std::size_t{1} << 20;
constexpr std::size_t kControlChainsATurn = 8;

// Two data queues and a control queue on one I/O thread; without workers, in the test's own hand.
class Flood {
 public:
  explicit Flood(std::size_t text_bytes = Talk::kTextBytes, std::size_t io_threads = 0,
                 std::size_t workers = 0)
      : driver_({.data_queues = 2,
                 .queue_size = kRingSize,
                 .io_threads = io_threads,
                 .workers = workers,
                 .max_sessions = 8},
                {.ring_size = kRingSize, .memory_bytes = std::size_t{4} << 20},
                {.engine = std::make_unique<SteeredEngine>(steering_)}) {
    steering_.estimated_ns = 1;
    sessions_[kFlooded] = talk_.open(driver_);
    sessions_[kVictim] = talk_.open(driver_);
    for (const std::uint16_t queue : {kFlooded, kVictim}) {
      const Bytes sent = talk_.encrypt_bytes(sessions_[queue], queue, text_bytes);
      const Buffer in = driver_.memory().allocate(sent);
      const Buffer out = driver_.memory().allocate(text_bytes + 1);
      chains_[queue] = {{in.address, static_cast<std::uint32_t>(in.bytes.size()), false},
                        {out.address, static_cast<std::uint32_t>(out.bytes.size()), true}};
    }
    steering_.on_execute = [this](std::uint64_t session) {
      const std::lock_guard lock(mutex_);
      order_.push_back(session);
      if (on_execute) on_execute(order_.size());
    };
  }
  ~Flood() { steering_.gates.open_all(); }

  static constexpr std::uint16_t kRingSize = 4096;

  // The same request over and over: who sends it does not look at the result.
  void fill(std::uint16_t queue, std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i)
      REQUIRE(driver_.any_ring(queue).add(chains_[queue]));
    driver_.kick(queue);
  }
  [[nodiscard]] std::size_t chain_bytes(std::uint16_t queue) const {
    std::size_t bytes = 0;
    for (const Segment& segment : chains_[queue])
      bytes += segment.length;
    return bytes;
  }

  // The most operations of the flood between two of the victim, while the victim has requests.
  [[nodiscard]] std::size_t longest_wait() {
    const std::vector<std::uint64_t> all = order();
    const auto first = std::find(all.begin(), all.end(), kVictimSession);
    const auto last = std::find(all.rbegin(), all.rend(), kVictimSession).base();
    std::size_t longest = 0, waited = 0;
    for (auto at = first; at < last; ++at) {
      waited = *at == kVictimSession ? 0 : waited + 1;
      longest = std::max(longest, waited);
    }
    return longest;
  }
  // Of both sessions. Not in on_execute.
  [[nodiscard]] std::vector<std::uint64_t> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  [[nodiscard]] CryptoDriver& driver() { return driver_; }
  [[nodiscard]] Steering& steering() { return steering_; }
  [[nodiscard]] const Talk& talk() const { return talk_; }

  std::function<void(std::size_t executed)> on_execute;

 private:
  Steering steering_;
  const Talk talk_{false};
  std::mutex mutex_;
  std::vector<std::uint64_t> order_;  // of executions, under mutex_
  CryptoDriver driver_;
  std::uint64_t sessions_[2]{};
  std::vector<Segment> chains_[2];
};

}  // namespace

TEST_CASE("Starvation: two busy queues take turns of 64 requests", "[timing][starvation]") {
  Flood flood;
  flood.fill(kFlooded, 800);
  flood.fill(kVictim, 400);
  flood.driver().device().run_ready();
  REQUIRE(flood.order().size() == 1200);
  CHECK(flood.longest_wait() == kChainsATurn);
}

TEST_CASE("Starvation: a turn ends after a MiB", "[timing][starvation]") {
  constexpr std::size_t kText = std::size_t{100} << 10;
  Flood flood(kText);
  flood.fill(kFlooded, 60);
  flood.fill(kVictim, 30);
  flood.driver().device().run_ready();
  REQUIRE(flood.order().size() == 90);
  CHECK(flood.longest_wait() == kBytesATurn / flood.chain_bytes(kFlooded) + 1);
}

TEST_CASE("Starvation: a turn ends after a millisecond of work, as estimated", "[timing][starvation]") {
  constexpr std::uint64_t kTurnNs = 1'000'000;
  const std::uint64_t each =
      GENERATE(std::uint64_t{100'000}, std::uint64_t{300'000}, std::uint64_t{7'000'000});
  Flood flood;
  flood.steering().estimated_ns = each;
  flood.fill(kFlooded, 60);
  flood.fill(kVictim, 30);
  flood.driver().device().run_ready();
  REQUIRE(flood.order().size() == 90);
  CHECK(flood.longest_wait() == (kTurnNs + each - 1) / each);
}

TEST_CASE("Starvation: a queue that is kicked waits for two turns of the other, whatever that does meanwhile",
          "[timing][starvation]") {
  const bool kick_storm = GENERATE(false, true);
  const bool bus_master_storm = GENERATE(false, true);
  Flood flood;
  CryptoDriver& driver = flood.driver();
  std::vector<std::size_t> kicked_at;
  flood.on_execute = [&](std::size_t executed) {
    if (kick_storm) driver.kick(kFlooded);
    if (bus_master_storm && executed % 8 == 0) {
      driver.pci().set_command(0x2);
      driver.pci().set_command(0x6);
    }
    if (executed % 301 != 0) return;
    kicked_at.push_back(executed);
    flood.fill(kVictim, 1);
  };
  flood.fill(kFlooded, 2000);
  driver.device().run_ready();
  REQUIRE(kicked_at.size() == 6);
  const std::vector<std::uint64_t> order = flood.order();
  auto served = order.begin();
  for (const std::size_t kicked : kicked_at) {
    served = std::find(served, order.end(), kVictimSession);
    REQUIRE(served != order.end());
    const auto waited = static_cast<std::size_t>(served - order.begin()) - kicked;
    CHECK(waited <= 2 * kChainsATurn);
    ++served;
  }
}

TEST_CASE("Starvation: the control queue gets on while a data queue is flooded", "[timing][starvation]") {
  Flood flood;
  CryptoDriver& driver = flood.driver();
  std::vector<std::size_t> sent_at, done_at;
  flood.on_execute = [&](std::size_t executed) {
    if (executed % 500 != 0) return;
    sent_at.push_back(executed);
    driver.submit(driver.control_queue(), flood.talk().open_request());
  };
  flood.steering().on_create = [&] { done_at.push_back(flood.order().size()); };
  flood.fill(kFlooded, 2000);
  driver.device().run_ready();
  REQUIRE(sent_at.size() == 4);
  REQUIRE(done_at.size() == sent_at.size());
  for (std::size_t i = 0; i + 1 < sent_at.size(); ++i)
    CHECK(done_at[i] - sent_at[i] <= 2 * kChainsATurn);
}

TEST_CASE("Starvation: a data queue gets on while the control queue is flooded", "[timing][starvation]") {
  Flood flood;
  CryptoDriver& driver = flood.driver();
  const std::vector<Segment> create = place(driver.memory(), flood.talk().open_request());
  std::size_t created = 0, kicked_at = 0, served_at = 0;
  flood.steering().on_create = [&] {
    if (++created != 100) return;
    kicked_at = created;
    flood.fill(kVictim, 1);
  };
  flood.on_execute = [&](std::size_t) { served_at = created; };
  for (int i = 0; i < 1000; ++i)
    REQUIRE(driver.any_ring(driver.control_queue()).add(create));
  driver.kick(driver.control_queue());
  driver.device().run_ready();
  CHECK(created == 1000);  // most of them are refused: there is no room
  REQUIRE(served_at >= kicked_at);
  CHECK(served_at - kicked_at <= 2 * kControlChainsATurn);
}

TEST_CASE("Starvation: a key that takes long to check ends the turn", "[timing][starvation]") {
  Flood flood;
  CryptoDriver& driver = flood.driver();
  // Refused, but only when it has been looked at.
  const Bytes key(std::size_t{3} << 10);
  const std::vector<Segment> create = place(driver.memory(), CryptoDriver::akcipher_create(2, 0, 0, key));
  std::size_t created = 0, longest = 0, last = 0;
  flood.steering().on_create = [&] { ++created; };
  flood.on_execute = [&](std::size_t) {
    longest = std::max(longest, created - std::exchange(last, created));
  };
  flood.steering().estimated_ns = 1'000'000;  // of each operation: as many turns as operations
  flood.fill(kVictim, 50);
  for (int i = 0; i < 30; ++i)
    REQUIRE(driver.any_ring(driver.control_queue()).add(create));
  driver.kick(driver.control_queue());
  driver.device().run_ready();
  CHECK(created == 30);
  CHECK(longest == 1);
}

TEST_CASE("Starvation: a worker takes the queues in turn, a job each", "[timing][starvation][workers]") {
  Flood flood(Talk::kTextBytes, 2, 1);
  constexpr std::uint64_t kWholeJob = 50'000;
  constexpr std::size_t kFlood = 500, kVictims = 20;
  flood.steering().estimated_ns = kWholeJob;
  CryptoDriver& driver = flood.driver();
  Gate& gate = flood.steering().gates.at(Place::kExecution);
  const auto handed_off = [&](std::size_t jobs) {
    return driver.wait_until([&] { return driver.device().stats().handed_off == jobs; });
  };
  gate.arm();
  flood.fill(kFlooded, kFlood);
  REQUIRE(gate.wait_until_reached());
  REQUIRE(handed_off(kFlood));
  flood.fill(kVictim, kVictims);
  REQUIRE(handed_off(kFlood + kVictims));
  gate.open();
  REQUIRE(driver.wait_until([&] { return driver.device().stats().in_flight == 0; }));
  REQUIRE(flood.order().size() == kFlood + kVictims);
  const std::vector<std::uint64_t> order = flood.order();
  CHECK(std::find(order.begin(), order.end(), kVictimSession) - order.begin() <= 2);
  CHECK(flood.longest_wait() == 1);
}

TEST_CASE("Starvation: a reset does not wait for what has not begun", "[timing][starvation][reset]") {
  Flood flood(Talk::kTextBytes, 2, 1);
  flood.steering().estimated_ns = 50'000;
  CryptoDriver& driver = flood.driver();
  Gate& gate = flood.steering().gates.at(Place::kExecution);
  gate.arm();
  flood.fill(kFlooded, 1000);
  REQUIRE(gate.wait_until_reached());
  REQUIRE(driver.wait_until([&] { return driver.device().stats().handed_off == 1000; }));
  const bool whole_device = GENERATE(false, true);
  if (whole_device) {
    driver.pci().request_reset();
    CHECK(driver.pci().device_status() != 0);
    gate.open();
    REQUIRE(driver.wait_until([&] { return driver.pci().device_status() == 0; }));
    CHECK(flood.order().size() == 1);
  } else {
    gate.open();
    REQUIRE(driver.wait_until([&] { return driver.device().stats().in_flight == 0; }));
    CHECK(flood.order().size() == 1000);
  }
}

TEST_CASE("Starvation: a driver that plays with its indices disturbs no other queue",
          "[timing][starvation][threads][hostile]") {
  Flood flood(Talk::kTextBytes, 1, 1);
  CryptoDriver& driver = flood.driver();
  SplitRing& ring = driver.split_ring(kFlooded);
  flood.fill(kFlooded, 200);
  std::atomic<bool> ends{false};
  std::thread player([&] {
    std::mt19937 random(5);
    while (!ends) {
      ring.set_avail_index(static_cast<std::uint16_t>(200 + random() % 3));
      ring.set_used_event(static_cast<std::uint16_t>(random()));
      driver.pci().kick(kFlooded);
    }
  });
  std::size_t back = 0;
  for (; back < 300; ++back) {
    flood.fill(kVictim, 1);
    if (!driver.wait_until([&] { return driver.any_ring(kVictim).poll().has_value(); })) break;
  }
  ends = true;
  player.join();
  CHECK(back == 300);
  driver.reset();
  CHECK(driver.start());
}
