// How `virtcrypt conformance --device bare-metal` finds out that a device is done.
#include "tests/conformance/bare_metal/thread_watch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "tests/support/catch.h"

using namespace virtcrypt::conformance;
using namespace std::chrono_literals;

namespace {

// Threads that hand a token round by eventfds until it has been handed on so many times.
class Ring {
 public:
  static constexpr std::size_t kThreads = 3;

  Ring() {
    const std::set<pid_t> before = threads_of_this_process();
    for (int& event : events_)
      event = ::eventfd(0, 0);
    for (std::size_t i = 0; i < kThreads; ++i)
      threads_[i] = std::thread([this, i] { run(i); });
    members_ = threads_of_this_process();
    for (const pid_t other : before)
      members_.erase(other);
  }
  ~Ring() {
    stop_ = true;
    for (const int event : events_)
      ::eventfd_write(event, 1);
    for (std::thread& thread : threads_)
      thread.join();
    for (const int event : events_)
      ::close(event);
  }
  void hand_round(unsigned times) {
    left_ = times;
    ::eventfd_write(events_[0], 1);
  }
  [[nodiscard]] unsigned left() const { return left_; }
  [[nodiscard]] const std::set<pid_t>& members() const { return members_; }

 private:
  void run(std::size_t index) {
    eventfd_t count = 0;
    while (::eventfd_read(events_[index], &count) == 0 && !stop_) {
      if (--left_ > 0) ::eventfd_write(events_[(index + 1) % kThreads], 1);
    }
  }

  std::array<int, kThreads> events_{};
  std::array<std::thread, kThreads> threads_;
  std::set<pid_t> members_;
  std::atomic<unsigned> left_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace

TEST_CASE("ThreadWatch: threads that wake each other are idle when the last has gone to sleep",
          "[bare-metal]") {
  // Many of them: a watch that looks only once is lucky with some, depending on where the threads run.
  for (int attempt = 0; attempt < 20; ++attempt) {
    Ring ring;
    REQUIRE(ring.members().size() == Ring::kThreads);
    const ThreadWatch watch(ring.members());
    REQUIRE(watch.wait_until_idle(20s));
    for (unsigned round = 0; round < 100; ++round) {
      ring.hand_round(1 + round);
      REQUIRE(watch.wait_until_idle(20s));
      REQUIRE(ring.left() == 0);
    }
  }
}

TEST_CASE("ThreadWatch: a thread that works on is not waited for without end", "[bare-metal]") {
  const std::set<pid_t> before = threads_of_this_process();
  std::atomic<bool> stop{false};
  std::thread busy([&stop] {
    while (!stop) {
    }
  });
  std::set<pid_t> threads = threads_of_this_process();
  for (const pid_t other : before)
    threads.erase(other);
  CHECK_FALSE(ThreadWatch(threads).wait_until_idle(50ms));
  stop = true;
  busy.join();
}

TEST_CASE("ThreadWatch: a thread that is not there is an error", "[bare-metal]") {
  CHECK_THROWS_AS(ThreadWatch({1'000'000'000}), std::runtime_error);
}
