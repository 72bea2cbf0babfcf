// What the host lacks fails the request that met it, or the device says that it needs a reset: it never dies
// in silence.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tests/driver/crypto_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/timing/steered_engine.h"
#include "tests/unit/timing/talk.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr std::uint64_t kOnTheLoop = 1, kByAWorker = 25'000;
constexpr std::uint16_t kConfigVector = 0;

// Requests that are submitted before one kick are one job.
class Faulty {
 public:
  explicit Faulty(std::shared_ptr<devices::crypto_dev::RequestTrace> trace = nullptr)
      // A device that polls would take the first request while the second is not there yet.
      : driver({.io_threads = 1,
                .poll = std::chrono::microseconds(0),
                .workers = 1,
                .max_sessions = 8,
                .trace = std::move(trace)},
               {}, {.engine = std::make_unique<SteeredEngine>(steering)}) {
    steering.estimated_ns = GENERATE(kOnTheLoop, kByAWorker);
  }

  // The answers' statuses.
  std::vector<int> call_together(std::uint64_t session, std::uint32_t requests) {
    std::vector<std::vector<Segment>> chains;
    for (std::uint32_t i = 0; i < requests; ++i) {
      chains.push_back(place(driver.memory(), talk.encrypt(session, i)));
      REQUIRE(driver.any_ring(0).add(chains.back()));
    }
    driver.kick(0);
    std::uint32_t back = 0;
    REQUIRE(driver.wait_until([&] {
      while (driver.any_ring(0).poll())
        ++back;
      return back == requests;
    }));
    std::vector<int> statuses;
    for (const auto& chain : chains)
      statuses.push_back(std::to_integer<int>(driver.memory().at(chain.back().address, 1)[0]));
    return statuses;
  }

  // DEVICE_NEEDS_RESET is set, the driver was told once, and a reset helps.
  void expect_needs_reset() {
    REQUIRE(driver.wait_until([&] { return (driver.pci().device_status() & status::kNeedsReset) != 0; }));
    REQUIRE(driver.wait_until([&] { return driver.slot().signals(kConfigVector) == 1; }));
    CHECK(driver.device().stats().ring_faults == 1);
    driver.reset();
    CHECK(driver.device().stats().in_flight == 0);
    CHECK(steering.sessions == 0);
  }
  void expect_works() {
    if (driver.pci().device_status() == 0) REQUIRE(driver.start());
    CHECK(call_together(talk.open(driver), 2) == std::vector<int>{0, 0});
  }

  Steering steering;
  const Talk talk{false};
  CryptoDriver driver;
};

}  // namespace

TEST_CASE("Engine faults: one that throws fails the operations that it has not reached",
          "[timing][faults][CH-8142]") {
  Faulty faulty;
  const std::uint64_t session = faulty.talk.open(faulty.driver);
  const int reached = GENERATE(0, 1, 3);
  faulty.steering.throws_after = reached;
  std::vector<int> expected(4, 1);  // ERR
  std::fill_n(expected.begin(), reached, 0);
  if (faulty.steering.estimated_ns == kByAWorker)
    expected = reached == 0   ? std::vector<int>{1, 1, 1, 1}
               : reached == 1 ? std::vector<int>{0, 1, 0, 1}
                              : std::vector<int>{0, 0, 0, 0};
  CHECK(faulty.call_together(session, 4) == expected);
  CHECK(faulty.driver.pci().device_status() == 15);
  faulty.steering.throws_after = -1;
  faulty.expect_works();
}

TEST_CASE("Engine faults: one that throws instead of making a session fails the request",
          "[timing][faults][CH-8142]") {
  Faulty faulty;
  CryptoDriver& driver = faulty.driver;
  faulty.steering.throws_in_create = true;
  const Answer answer = driver.call(driver.control_queue(), faulty.talk.open_request());
  CHECK_THROWS(faulty.talk.opened(answer.written));
  CHECK(driver.pci().device_status() == 15);
  faulty.steering.throws_in_create = false;
  faulty.expect_works();
}

TEST_CASE("Engine faults: one that throws instead of making a session fails the stateless request",
          "[timing][faults][CH-8142]") {
  using namespace wire_number;
  Steering steering;
  DriverOptions options;
  options.features |= 0b11;  // REVISION_1, CIPHER_STATELESS_MODE
  CryptoDriver driver({.io_threads = 1, .workers = 1}, options,
                      {.engine = std::make_unique<SteeredEngine>(steering)});
  const Bytes key(16), iv(16), text(16);
  const CipherSubject subject{.algorithm = kAesCbc, .op = kEncrypt, .key = key};
  const Request request = cipher_request({Layout::kStateless}, subject, iv, text, text.size());
  steering.throws_in_create = true;
  CHECK(driver.call(0, request).status() == kErr);
  CHECK(driver.pci().device_status() == 15);
  steering.throws_in_create = false;
  CHECK(driver.call(0, request).status() == kOk);
}

TEST_CASE("Engine faults: one that throws while a batch is put together needs a reset",
          "[timing][faults][CH-8142]") {
  Faulty faulty;
  const std::uint64_t session = faulty.talk.open(faulty.driver);
  faulty.steering.throws_in_estimate = true;
  faulty.driver.submit(0, faulty.talk.encrypt(session, 0));
  faulty.expect_needs_reset();
  faulty.steering.throws_in_estimate = false;
  faulty.expect_works();
}

TEST_CASE("Engine faults: a trace that throws needs a reset, wherever its request was executed",
          "[timing][faults][CH-8142]") {
  std::atomic<bool> throws{false};
  auto trace = std::make_shared<devices::crypto_dev::RequestTrace>([&](std::string_view) {
    if (throws) throw std::runtime_error("no room for the trace");
  });
  Faulty faulty(trace);
  const std::uint64_t session = faulty.talk.open(faulty.driver);
  const bool on_control_queue = GENERATE(false, true);
  throws = true;
  if (on_control_queue) {
    faulty.driver.submit(faulty.driver.control_queue(), faulty.talk.open_request());
  } else {
    for (std::uint32_t i = 0; i < 2; ++i)
      REQUIRE(faulty.driver.any_ring(0).add(place(faulty.driver.memory(), faulty.talk.encrypt(session, i))));
    faulty.driver.kick(0);
  }
  faulty.expect_needs_reset();
  throws = false;
  faulty.expect_works();
}
