// Threads for operations that are big enough to be worth a hand-off.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

namespace virtcrypt::crypto {

// Thread-safety: post() from any thread. The destructor runs what was posted, then joins.
class WorkerPool {
 public:
  // `threads` 0 makes a pool that has none: callers ask has_threads() and work themselves.
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] bool has_threads() const { return pool_ != nullptr; }
  [[nodiscard]] std::size_t threads() const { return threads_; }

  // Runs `work` on one of the threads. `work` owns all that it touches and must not throw.
  template <typename Work>
  void post(Work&& work) {
    asio::post(*pool_, std::forward<Work>(work));
  }

 private:
  std::size_t threads_;
  std::unique_ptr<asio::thread_pool> pool_;
};

}  // namespace virtcrypt::crypto
