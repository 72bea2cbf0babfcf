// What a hand-off to the worker pool and back costs: the number behind kHandOffNs in
// devices/crypto/data_queue.cc. Prints the median and the 90th percentile of round trips loop -> pool ->
// loop, with the worker asleep before each.
//   ninja -C build bench_hand_off && build/tests/bench_hand_off
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "virtcrypt/crypto/worker_pool.h"

int main() {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 2000;
  asio::io_context loop(1);
  const auto guard = asio::make_work_guard(loop);
  virtcrypt::crypto::WorkerPool::Lane lane;
  virtcrypt::crypto::WorkerPool pool(1);
  std::vector<double> microseconds;
  for (int i = 0; i < kRounds; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // long enough for the worker to go to sleep
    const auto start = Clock::now();
    pool.post(lane, [&] { asio::post(loop, [] {}); });
    loop.run_one();
    microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(microseconds.begin(), microseconds.end());
  std::printf("hand-off and back: median %.1f us, 90 %% within %.1f us\n", microseconds[kRounds / 2],
              microseconds[kRounds * 9 / 10]);
}
