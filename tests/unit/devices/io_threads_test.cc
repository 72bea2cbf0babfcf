#include "virtcrypt/devices/io_threads.h"

#include <atomic>
#include <latch>

#include <asio/post.hpp>

#include "tests/support/catch.h"

using virtcrypt::devices::IoThreads;

TEST_CASE("IoThreads: each thread says that it has started, before its loop runs", "[devices]") {
  thread_local bool started = false;
  std::atomic<int> starts{0}, ran_before{0};
  std::latch ran(2);
  IoThreads threads(2, "starter", [&] {
    started = true;
    ++starts;
  });
  for (std::size_t i = 0; i < 2; ++i) {
    asio::post(threads.loop(i), [&] {
      if (!started) ++ran_before;
      ran.count_down();
    });
  }
  ran.wait();
  CHECK(starts == 2);
  CHECK(ran_before == 0);
}
