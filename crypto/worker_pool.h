// Threads for operations that are big enough to be worth a hand-off.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

namespace virtcrypt::crypto {

// Thread-safety: post() from any thread. The destructor runs what was posted, then joins.
class WorkerPool {
 public:
  // `threads` 0 makes a pool that has none: callers ask has_threads() and work themselves. `name` and a
  // number name the threads; each calls `started`, if there is one, before it takes any work. It must not
  // throw.
  explicit WorkerPool(std::size_t threads, const std::string& name = "worker",
                      std::function<void()> started = {});
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] bool has_threads() const { return !threads_.empty(); }
  [[nodiscard]] std::size_t threads() const { return threads_.size(); }

  // Runs `work` on one of the threads. `work` owns all that it touches and must not throw.
  template <typename Work>
  void post(Work&& work) {
    asio::post(queue_, std::forward<Work>(work));
  }

 private:
  void finish();

  const std::function<void()> started_;
  asio::io_context queue_;
  asio::executor_work_guard<asio::io_context::executor_type>
      open_;  // until the destructor, threads wait for more
  std::vector<std::thread> threads_;
};

}  // namespace virtcrypt::crypto
