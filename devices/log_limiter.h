// Keeps a guest from flooding the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace virtcrypt::devices {

// One per kind of message: so many a second get through, the rest are counted. Thread-safety: any thread.
class LogLimiter {
 public:
  explicit LogLimiter(unsigned per_second = 1) : per_second_(per_second) {}

  // The number of messages swallowed since the last that got through, when this one may; nothing when it may
  // not.
  [[nodiscard]] std::optional<std::uint64_t> admit() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!second_ || now - *second_ >= std::chrono::seconds(1)) {
      second_ = now;
      admitted_ = 0;
    }
    if (admitted_ == per_second_) {
      ++swallowed_;
      return std::nullopt;
    }
    ++admitted_;
    const std::uint64_t swallowed = swallowed_;
    swallowed_ = 0;
    return swallowed;
  }

 private:
  const unsigned per_second_;
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> second_;  // when the current second began
  unsigned admitted_ = 0;                                        // in it
  std::uint64_t swallowed_ = 0;
};

}  // namespace virtcrypt::devices
