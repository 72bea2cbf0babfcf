// Resets under load: 10,000 of the device and of its queues, at any moment. No request is lost or answered
// twice, none is answered wrongly, and no byte of memory is written after a reset is acknowledged.
//   VIRTCRYPT_TEST_SEED=N    the same moments again, as far as threads allow
//   VIRTCRYPT_TEST_RESETS=N  so many resets
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/timing/loaded_queue.h"
#include "tests/unit/timing/steered_engine.h"
#include "virtcrypt/crypto/sanitizers.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr std::uint16_t kQueues = 2;

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

unsigned resets_in_all() {
  return number_from("VIRTCRYPT_TEST_RESETS", kSanitized ? 1000 : 10'000);
}

class Storm {
 public:
  Storm(bool packed, bool is_draft, unsigned seed)
      : random_(seed),
        talk_(is_draft),
        features_(feature::kVersion1 | feature::kRingReset | talk_.features() |
                  (random_() % 2 == 0 ? feature::kEventIdx : 0) | (packed ? feature::kRingPacked : 0)),
        driver_({.dialect = &talk_.dialect(),
                 .data_queues = kQueues,
                 .queue_size = LoadedQueue::kRingSize,
                 .io_threads = 2,
                 .workers = 1,
                 .max_sessions = 8},
                {.memory_bytes = std::size_t{512} << 10, .start = false},
                {.engine = std::make_unique<SteeredEngine>(steering_), .slot = &slot_}) {
    // Some are executed by the loops, some by the worker: each job has three operations at most.
    steering_.estimated_ns = 15'000;
    for (std::uint16_t queue = 0; queue < kQueues; ++queue)
      queues_.at(queue) =
          std::make_unique<LoadedQueue>(queue, driver_.memory(), features_, talk_, driver_.pci(), slot_);
    mark_ = driver_.memory().mark();
    start();
  }

  void step() {
    const auto kind = random_() % 16;
    if (kind == 0) drain();
    wait_for_some_time();
    if (kind < 8) {
      reset();
    } else {
      reset_queue(static_cast<std::uint16_t>(random_() % kQueues));
    }
  }

  void finish() {
    drain();
    for (const auto& queue : queues_) {
      queue->rest();
      queue->check_patterns();
      INFO(queue->fault());
      REQUIRE(queue->fault().empty());
      CHECK(queue->completed() > 0);
      CHECK(queue->discarded() > 0);
    }
  }

 private:
  void start() {
    PciDriver& pci = driver_.pci();
    REQUIRE(slot_.all_signals() == signals_);
    REQUIRE(pci.negotiate(features_));
    pci.write_common(common::kConfigVector, 2, 0);
    for (std::uint16_t queue = 0; queue < kQueues; ++queue)
      pci.set_queue(queue, queues_.at(queue)->begin_life(), queues_.at(queue)->vector());
    driver_.memory().rewind(mark_);
    control_ = make_ring(driver_.memory(), 16, features_);
    pci.set_queue(kQueues, *control_);
    pci.add_status(status::kDriverOk);
    session_ = open();
    for (const auto& queue : queues_)
      queue->run(session_);
  }

  // A session for the life of the device.
  std::uint64_t open() {
    const std::vector<Segment> chain = place(driver_.memory(), talk_.open_request());
    REQUIRE(control_->add(chain));
    driver_.pci().kick(kQueues, *control_);
    REQUIRE(driver_.wait_until([&] { return control_->poll().has_value(); }));
    return talk_.opened(driver_.memory().at(chain.back().address, chain.back().length));
  }

  // A request that nobody waits for.
  void leave_one_on_control_queue() {
    REQUIRE(control_->add(place(driver_.memory(), talk_.open_request())));
    driver_.pci().kick(kQueues, *control_);
  }

  void wait_for_some_time() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(random_() % 400);
    if (random_() % 2 == 0) return std::this_thread::sleep_until(end);
    while (std::chrono::steady_clock::now() < end) {
    }
  }

  void reset() {
    PciDriver& pci = driver_.pci();
    const bool rests_first = random_() % 4 == 0;
    if (rests_first) {
      for (const auto& queue : queues_)
        queue->ask_to_rest();
    }
    if (random_() % 2 == 0) leave_one_on_control_queue();
    pci.request_reset();
    for (const auto& queue : queues_)
      queue->rest();
    while (pci.device_status() != 0)
      std::this_thread::yield();
    signals_ = slot_.all_signals();
    for (const auto& queue : queues_)
      end_life(*queue);
    REQUIRE(driver_.device().stats().sessions_open == 0);
    REQUIRE(driver_.device().stats().in_flight == 0);
    start();
  }

  void reset_queue(std::uint16_t index) {
    PciDriver& pci = driver_.pci();
    LoadedQueue& queue = *queues_.at(index);
    if (random_() % 4 == 0) queue.ask_to_rest();
    pci.request_queue_reset(index);
    queue.rest();
    while (pci.queue_resets(index))
      std::this_thread::yield();
    const unsigned signals = slot_.signals(queue.vector());
    end_life(queue);
    if (random_() % 2 == 0) wait_for_some_time();
    REQUIRE(slot_.signals(queue.vector()) == signals);
    pci.set_queue(index, queue.begin_life(), queue.vector());
    queue.run(session_);
  }

  void end_life(LoadedQueue& queue) {
    queue.end_life();
    INFO(queue.fault());
    REQUIRE(queue.fault().empty());
  }

  // All that was sent comes back.
  void drain() {
    for (const auto& queue : queues_) {
      queue->drain();
      INFO(queue->fault());
      REQUIRE(queue->fault().empty());
    }
    for (const auto& queue : queues_)
      queue->run(session_);
  }

  std::mt19937 random_;
  Steering steering_;
  WakingSlot slot_;
  const Talk talk_;
  const std::uint64_t features_;
  CryptoDriver driver_;
  std::array<std::unique_ptr<LoadedQueue>, kQueues> queues_;
  std::unique_ptr<DriverRing> control_;
  std::size_t mark_ = 0;
  std::uint64_t session_ = 0;
  unsigned signals_ = 0;  // when the last reset was acknowledged
};

}  // namespace

TEST_CASE(
    "Timing: ten thousand resets under load: nothing is lost, nothing done twice, nothing written after one",
    "[timing][reset][ring-reset][threads][RESET-DEV-002][RESET-DEV-003][VQRST-DEV-001][VQRST-DEV-002]") {
  const bool packed = GENERATE(false, true);
  const bool is_draft = GENERATE(false, true);
  const unsigned seed = number_from("VIRTCRYPT_TEST_SEED", std::random_device()());
  std::printf("resets under load, %s, %s: VIRTCRYPT_TEST_SEED=%u\n", packed ? "packed" : "split",
              is_draft ? "rfc-v2" : "standard", seed);
  CAPTURE(packed, is_draft, seed);
  Storm storm(packed, is_draft, seed);
  for (unsigned i = 0; i < resets_in_all() / 4; ++i)
    storm.step();
  storm.finish();
}
