#include "virtcrypt/devices/log.h"

#include <chrono>
#include <memory>

#include <spdlog/spdlog.h>

namespace virtcrypt::devices {

spdlog::logger& log() {
  static const std::shared_ptr<spdlog::logger> logger = spdlog::default_logger()->clone("devices");
  return *logger;
}

bool LimitedLog::pass() {
  using std::chrono::steady_clock;
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now().time_since_epoch()).count();
  if (second_.exchange(now, std::memory_order_relaxed) != now)
    this_second_.store(0, std::memory_order_relaxed);
  if (this_second_.fetch_add(1, std::memory_order_relaxed) < kMessagesPerSecond) return true;
  swallowed_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace virtcrypt::devices
