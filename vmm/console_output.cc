#include "virtcrypt/vmm/console_output.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/thread_signals.h"

namespace virtcrypt::vmm {
namespace {

constexpr std::size_t kPendingLimit = 1U << 20U;  // a screenful is 2 KiB, a boot log 100 KiB
constexpr int kPollMs = 100;
constexpr int kLastPolls = 10;  // a second

FileDescriptor open_log(const std::optional<std::filesystem::path>& path) {
  if (!path) return {};
  constexpr mode_t kMode = 0644;
  FileDescriptor fd(::open(path->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!fd) {
    throw HostError(fmt::format("cannot write the console log {}: {}", path->string(),
                                std::generic_category().message(errno)));
  }
  return fd;
}

}  // namespace

ConsoleOutput::ConsoleOutput(const std::optional<std::filesystem::path>& log, std::function<void()> started)
    : started_(std::move(started)), log_(open_log(log)), writer_([this] { thread_main(); }) {}

ConsoleOutput::~ConsoleOutput() {
  close();
}

void ConsoleOutput::put(std::byte byte) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return pending_.size() < kPendingLimit || !waiting_; });
  if (pending_.size() >= kPendingLimit) return;
  pending_.push_back(static_cast<char>(byte));
  if (pending_.size() == 1) changed_.notify_all();
}

void ConsoleOutput::stop_waiting() {
  const std::lock_guard lock(mutex_);
  waiting_ = false;
  changed_.notify_all();
}

void ConsoleOutput::close() {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    closing_ = true;
    changed_.notify_all();
  }
  if (writer_.joinable()) writer_.join();
}

void ConsoleOutput::thread_main() {
  block_signals_of_others();
  ::pthread_setname_np(::pthread_self(), "console");
  if (started_) started_();
  std::string text;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !pending_.empty() || closing_; });
      if (pending_.empty()) return;
      text.clear();
      text.swap(pending_);
      changed_.notify_all();
    }
    write_to_log(text);
    write_to_stdout(text);
  }
}

void ConsoleOutput::write_to_stdout(std::span<const char> text) {
  int polls_left = kLastPolls;
  while (!text.empty() && !stdout_lost_) {
    // Poll first: a terminal that the user has paused must not hold this thread for ever.
    pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&output, 1, kPollMs) == 0) {
      const std::lock_guard lock(mutex_);
      if (closing_ && --polls_left == 0) stdout_lost_ = true;
      continue;
    }
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text = text.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      spdlog::warn("standard output is gone: {}", std::generic_category().message(errno));
      stdout_lost_ = true;
    }
  }
}

void ConsoleOutput::write_to_log(std::span<const char> text) {
  while (log_ && !text.empty()) {
    const ssize_t written = ::write(log_.get(), text.data(), text.size());
    if (written >= 0) {
      text = text.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      spdlog::warn("the console log cannot be written any more: {}", std::generic_category().message(errno));
      log_ = {};
    }
  }
}

}  // namespace virtcrypt::vmm
