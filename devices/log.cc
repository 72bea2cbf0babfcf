#include "virtcrypt/devices/log.h"

#include <memory>

#include <spdlog/spdlog.h>

namespace virtcrypt::devices {

spdlog::logger& log() {
  static const std::shared_ptr<spdlog::logger> logger = spdlog::default_logger()->clone("devices");
  return *logger;
}

}  // namespace virtcrypt::devices
