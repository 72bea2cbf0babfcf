// Threads for operations that are big enough to be worth a hand-off.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace virtcrypt::crypto {

// Thread-safety: post() from any thread. The destructor runs what was posted, then joins.
class WorkerPool {
  class Task {
   public:
    virtual ~Task() = default;
    virtual void run() = 0;
  };

 public:
  // Work of one customer, carried out in the order of posting. Lanes that have work take turns, one piece
  // each, so that however much one of them posts, between two pieces of another there is one of its own. To
  // outlive the pool.
  class Lane {
   private:
    friend class WorkerPool;
    std::deque<std::unique_ptr<Task>> tasks_;  // under the pool's mutex_
  };

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
  void post(Lane& lane, Work&& work) {
    enqueue(lane, std::make_unique<TaskOf<std::decay_t<Work>>>(std::forward<Work>(work)));
  }

 private:
  template <typename Work>
  class TaskOf final : public Task {
   public:
    explicit TaskOf(Work&& work) : work_(std::move(work)) {}
    explicit TaskOf(const Work& work) : work_(work) {}
    void run() override { work_(); }

   private:
    Work work_;
  };

  void enqueue(Lane& lane, std::unique_ptr<Task> task);
  void run_next();
  void finish();

  const std::function<void()> started_;
  std::mutex mutex_;
  // Under mutex_:
  std::deque<Lane*> waiting_;  // lanes with tasks, in the order of their turns
  asio::io_context queue_;
  asio::executor_work_guard<asio::io_context::executor_type>
      open_;  // until the destructor, threads wait for more
  std::vector<std::thread> threads_;
};

}  // namespace virtcrypt::crypto
