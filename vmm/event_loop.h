// What the program waits for while a guest runs: signals, what the user types, and the guest's end.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>

namespace virtcrypt::vmm {

// Thread-safety: finish() and resume_input() any thread; the rest by the owner, whose thread runs the loop
// and gets all callbacks.
class EventLoop {
 public:
  struct Callbacks {
    // Bytes from standard input. False: no more until resume_input().
    std::function<bool(std::span<const std::byte>)> input;
    std::function<void()> continued;        // SIGCONT
    std::function<void(int)> asked_to_end;  // SIGINT, SIGTERM, SIGHUP or SIGQUIT
  };
  // From here on the signals above are this loop's. Opens what it reads as standard input: run() opens
  // nothing.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Until finish(). A standard input that ends, or is none, is no reason to stop.
  void run(Callbacks callbacks);
  void finish();
  void resume_input();

  // For what else the program waits for; its handlers run on the owner's thread.
  [[nodiscard]] asio::io_context& context() { return context_; }

 private:
  void wait_for_signal();
  void read_input();
  void on_input(std::size_t bytes);

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::signal_set signals_;
  asio::posix::stream_descriptor input_;
  std::array<std::byte, 4096> buffer_{};
  std::optional<int> restore_flags_;  // of standard input
  bool input_paused_ = false;
  Callbacks callbacks_;
};

}  // namespace virtcrypt::vmm
