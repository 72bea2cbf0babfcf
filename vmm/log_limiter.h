// Keeps a guest from flooding the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace virtcrypt::vmm {

// One per kind of message: at most one message a second gets through. Thread-safety: any thread.
class LogLimiter {
 public:
  // The number of messages swallowed since the last that got through, when this one may; nothing when it may
  // not.
  [[nodiscard]] std::optional<std::uint64_t> admit() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < std::chrono::seconds(1)) {
      ++swallowed_;
      return std::nullopt;
    }
    last_ = now;
    const std::uint64_t swallowed = swallowed_;
    swallowed_ = 0;
    return swallowed;
  }

 private:
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> last_;
  std::uint64_t swallowed_ = 0;
};

}  // namespace virtcrypt::vmm
