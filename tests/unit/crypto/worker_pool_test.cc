#include "virtcrypt/crypto/worker_pool.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using virtcrypt::crypto::WorkerPool;

TEST_CASE("WorkerPool: without threads it says so", "[crypto][worker_pool]") {
  const WorkerPool pool(0);
  CHECK_FALSE(pool.has_threads());
  CHECK(pool.threads() == 0);
}

TEST_CASE("WorkerPool: destruction runs everything that was posted", "[crypto][worker_pool]") {
  constexpr int kPosts = 1000;
  std::atomic<int> ran{0};
  {
    WorkerPool pool(2);
    REQUIRE(pool.has_threads());
    REQUIRE(pool.threads() == 2);
    // Keeps both threads busy, so that most of the rest is still queued when the pool dies.
    for (int i = 0; i < 2; ++i) {
      pool.post([] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
    }
    for (int i = 0; i < kPosts; ++i) {
      pool.post([&ran] { ++ran; });
    }
  }
  CHECK(ran == kPosts);
}

TEST_CASE("WorkerPool: takes posts from many threads at once", "[crypto][worker_pool]") {
  constexpr int kPosters = 4;
  constexpr int kPosts = 500;
  std::atomic<int> ran{0};
  {
    WorkerPool pool(3);
    std::vector<std::jthread> posters;
    for (int poster = 0; poster < kPosters; ++poster) {
      posters.emplace_back([&] {
        for (int i = 0; i < kPosts; ++i) {
          pool.post([&ran] { ++ran; });
        }
      });
    }
    posters.clear();
  }
  CHECK(ran == kPosters * kPosts);
}

TEST_CASE("WorkerPool: each thread says that it has started, before it works", "[crypto][worker_pool]") {
  thread_local bool started = false;
  std::atomic<int> starts{0}, ran_before{0};
  {
    WorkerPool pool(3, "starter", [&] {
      started = true;
      ++starts;
    });
    for (int i = 0; i < 100; ++i) {
      pool.post([&] {
        if (!started) ++ran_before;
      });
    }
  }
  CHECK(starts == 3);
  CHECK(ran_before == 0);
}
