#include "virtcrypt/devices/io_threads.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace virtcrypt::devices {

IoThreads::IoThreads(std::size_t threads, const std::string& name, std::function<void()> started)
    : started_(std::move(started)) {
  const std::size_t loops = std::max<std::size_t>(threads, 1);
  for (std::size_t i = 0; i < loops; ++i) {
    // One thread a loop: Asio need not lock for handlers that run there, only for posts from elsewhere.
    loops_.push_back(std::make_unique<asio::io_context>(1));
    guards_.push_back(asio::make_work_guard(*loops_.back()));
  }
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, i, thread_name = (name + "/" + std::to_string(i)).substr(0, 15)] {
      pthread_setname_np(pthread_self(), thread_name.c_str());
      if (started_) started_();
      loops_[i]->run();
    });
  }
}

IoThreads::~IoThreads() {
  stop();
}

std::size_t IoThreads::run_ready() {
  std::size_t ran = 0;
  for (const auto& loop : loops_)
    ran += loop->poll();
  return ran;
}

void IoThreads::stop() {
  for (const auto& loop : loops_)
    loop->stop();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

}  // namespace virtcrypt::devices
