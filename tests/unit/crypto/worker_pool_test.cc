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
  WorkerPool::Lane lane;
  {
    WorkerPool pool(2);
    REQUIRE(pool.has_threads());
    REQUIRE(pool.threads() == 2);
    // Keeps both threads busy, so that most of the rest is still queued when the pool dies.
    for (int i = 0; i < 2; ++i) {
      pool.post(lane, [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
    }
    for (int i = 0; i < kPosts; ++i) {
      pool.post(lane, [&ran] { ++ran; });
    }
  }
  CHECK(ran == kPosts);
}

TEST_CASE("WorkerPool: takes posts from many threads at once", "[crypto][worker_pool]") {
  constexpr int kPosters = 4;
  constexpr int kPosts = 500;
  std::atomic<int> ran{0};
  WorkerPool::Lane lanes[kPosters];
  {
    WorkerPool pool(3);
    std::vector<std::jthread> posters;
    for (int poster = 0; poster < kPosters; ++poster) {
      posters.emplace_back([&, poster] {
        for (int i = 0; i < kPosts; ++i) {
          pool.post(lanes[poster], [&ran] { ++ran; });
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
  WorkerPool::Lane lane;
  {
    WorkerPool pool(3, "starter", [&] {
      started = true;
      ++starts;
    });
    for (int i = 0; i < 100; ++i) {
      pool.post(lane, [&] {
        if (!started) ++ran_before;
      });
    }
  }
  CHECK(starts == 3);
  CHECK(ran_before == 0);
}

TEST_CASE("WorkerPool: lanes take turns, however much one of them posts", "[crypto][worker_pool]") {
  std::vector<int> order;
  WorkerPool::Lane flood, other, third;
  std::atomic<bool> has_begun{false}, go{false};
  {
    WorkerPool pool(1);
    pool.post(flood, [&] {
      has_begun = true;
      while (!go)
        std::this_thread::yield();
    });
    while (!has_begun)
      std::this_thread::yield();
    for (int i = 0; i < 100; ++i)
      pool.post(flood, [&] { order.push_back(0); });
    for (int i = 0; i < 3; ++i)
      pool.post(other, [&] { order.push_back(1); });
    pool.post(third, [&] { order.push_back(2); });
    go = true;
  }
  REQUIRE(order.size() == 104);
  order.resize(9);
  CHECK(order == std::vector<int>{0, 1, 2, 0, 1, 0, 1, 0, 0});
}
