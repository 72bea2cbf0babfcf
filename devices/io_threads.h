// The event loops of a device, each run by one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace virtcrypt::devices {

// Thread-safety: loop() from any thread; the rest by the owner.
class IoThreads {
 public:
  // `threads` 0 makes one loop without a thread, which runs when run_ready() is called: for tests that want
  // each step in their own hand. `name` names the threads; each calls `started`, if there is one, before its
  // loop runs. It must not throw.
  IoThreads(std::size_t threads, const std::string& name, std::function<void()> started = {});
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  [[nodiscard]] std::size_t loops() const { return loops_.size(); }

  // Indices beyond the number of loops wrap around.
  [[nodiscard]] asio::io_context& loop(std::size_t index) { return *loops_[index % loops_.size()]; }

  // Without threads: runs all handlers that are ready, and those that they make ready. Returns how many ran.
  std::size_t run_ready();

  // Ends the loops and joins the threads. Handlers that have not run are dropped when this object dies.
  void stop();

 private:
  const std::function<void()> started_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::vector<std::thread> threads_;
};

}  // namespace virtcrypt::devices
