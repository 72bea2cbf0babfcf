#include "virtcrypt/crypto/worker_pool.h"

#include <pthread.h>

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

}  // namespace virtcrypt::crypto
