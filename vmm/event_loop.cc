#include "virtcrypt/vmm/event_loop.h"

#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <asio/buffer.hpp>
#include <asio/post.hpp>

#include "virtcrypt/vmm/file_descriptor.h"

namespace virtcrypt::vmm {
namespace {

// Asio makes its descriptor non-blocking, and that flag is shared with whoever else holds the same open file:
// the shell, or our own standard output on the same terminal. So open the file anew where that is possible. A
// regular file keeps its position only with a duplicate, and its flag does not matter.
FileDescriptor open_input() {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0) return {};
  if (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode)) {
    FileDescriptor own(::open("/proc/self/fd/0", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (own) return own;
  }
  return FileDescriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace

EventLoop::EventLoop()
    : work_(asio::make_work_guard(context_)), signals_(context_, SIGINT, SIGTERM), input_(context_) {
  for (const int signal : {SIGHUP, SIGQUIT, SIGCONT}) {
    signals_.add(signal);
  }
  // A reader of our output that goes away is seen as an error of the write.
  ::signal(SIGPIPE, SIG_IGN);
  if (FileDescriptor input = open_input()) {
    restore_flags_ = ::fcntl(STDIN_FILENO, F_GETFL);
    input_.assign(input.release());
  }
}

EventLoop::~EventLoop() {
  if (restore_flags_) ::fcntl(STDIN_FILENO, F_SETFL, *restore_flags_);
}

void EventLoop::run(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  wait_for_signal();
  if (input_.is_open()) read_input();
  context_.run();
}

void EventLoop::finish() {
  context_.stop();
}

void EventLoop::resume_input() {
  asio::post(context_, [this] {
    if (std::exchange(input_paused_, false)) read_input();
  });
}

void EventLoop::wait_for_signal() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGCONT) {
      callbacks_.continued();
    } else {
      callbacks_.asked_to_end(signal);
    }
    wait_for_signal();
  });
}

void EventLoop::read_input() {
  input_.async_read_some(asio::buffer(buffer_), [this](const asio::error_code& error, std::size_t bytes) {
    if (!error) return on_input(bytes);
    spdlog::debug("no more standard input: {}", error.message());
    asio::error_code ignored;
    input_.close(ignored);
  });
}

void EventLoop::on_input(std::size_t bytes) {
  // resume_input() comes through this loop, so never before the pause is noted.
  input_paused_ = !callbacks_.input(std::span(buffer_).first(bytes));
  if (!input_paused_) read_input();
}

}  // namespace virtcrypt::vmm
