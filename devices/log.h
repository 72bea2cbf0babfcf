// The logger of this room.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <spdlog/logger.h>

#include "virtcrypt/devices/log_limiter.h"

namespace virtcrypt::devices {

// "devices"; takes level and sinks from spdlog's default logger as it is when first used. Any thread.
[[nodiscard]] spdlog::logger& log();

// For messages that a guest can provoke: a few pass each second, the rest are counted and mentioned by the
// next one. Thread-safety: any thread.
class LimitedLog {
 public:
  template <typename... Arguments>
  void write(spdlog::level::level_enum level, spdlog::format_string_t<Arguments...> format,
             Arguments&&... arguments) {
    if (!log().should_log(level)) return;
    const std::optional<std::uint64_t> swallowed = limiter_.admit();
    if (!swallowed) return;
    if (*swallowed > 0) log().log(level, "({} messages left out)", *swallowed);
    log().log(level, format, std::forward<Arguments>(arguments)...);
  }

 private:
  static constexpr unsigned kMessagesPerSecond = 10;

  LogLimiter limiter_{kMessagesPerSecond};
};

}  // namespace virtcrypt::devices
