#include "virtcrypt/devices/log_limiter.h"

#include <chrono>
#include <thread>

#include "tests/support/catch.h"

using virtcrypt::devices::LogLimiter;

TEST_CASE("LogLimiter: a burst is cut, and the next message after it tells by how much", "[devices][log]") {
  LogLimiter limiter(3);
  int admitted = 0;
  for (int i = 0; i < 12; ++i) {
    if (const auto swallowed = limiter.admit()) {
      ++admitted;
      CHECK(*swallowed == 0);
    }
  }
  CHECK(admitted == 3);
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  const auto swallowed = limiter.admit();
  REQUIRE(swallowed);
  CHECK(*swallowed == 9);
}
