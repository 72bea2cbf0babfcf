#include "virtcrypt/crypto/worker_pool.h"

#include <pthread.h>

#include <asio/post.hpp>

namespace virtcrypt::crypto {
namespace {

constexpr std::size_t kLongestThreadName = 15;  // Linux takes no more

}  // namespace

WorkerPool::WorkerPool(std::size_t threads, const std::string& name, std::function<void()> started)
    : started_(std::move(started)), queue_(static_cast<int>(threads)), open_(asio::make_work_guard(queue_)) {
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, own_name = (name + std::to_string(i)).substr(0, kLongestThreadName)] {
        pthread_setname_np(pthread_self(), own_name.c_str());
        if (started_) started_();
        queue_.run();
      });
    }
  } catch (...) {  // the system has no thread left
    finish();
    throw;
  }
}

WorkerPool::~WorkerPool() {
  finish();
}

void WorkerPool::finish() {
  open_.reset();
  for (std::thread& thread : threads_)
    thread.join();
}

void WorkerPool::enqueue(Lane& lane, std::unique_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    if (lane.tasks_.empty()) waiting_.push_back(&lane);
    lane.tasks_.push_back(std::move(task));
  }
  // As many of these as there are tasks; which task one of them runs is decided when a thread is free.
  asio::post(queue_, [this] { run_next(); });
}

void WorkerPool::run_next() {
  std::unique_ptr<Task> task;
  {
    const std::lock_guard lock(mutex_);
    Lane* const lane = waiting_.front();
    waiting_.pop_front();
    task = std::move(lane->tasks_.front());
    lane->tasks_.pop_front();
    if (!lane->tasks_.empty()) waiting_.push_back(lane);
  }
  task->run();
}

}  // namespace virtcrypt::crypto
