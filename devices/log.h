// The logger of this room.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <spdlog/logger.h>

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
    if (!log().should_log(level) || !pass()) return;
    const std::uint64_t swallowed = swallowed_.exchange(0, std::memory_order_relaxed);
    if (swallowed > 0) log().log(level, "({} messages left out)", swallowed);
    log().log(level, format, std::forward<Arguments>(arguments)...);
  }

 private:
  static constexpr std::uint64_t kMessagesPerSecond = 10;

  [[nodiscard]] bool pass();

  std::atomic<std::int64_t> second_{0};
  std::atomic<std::uint64_t> this_second_{0};
  std::atomic<std::uint64_t> swallowed_{0};
};

}  // namespace virtcrypt::devices
