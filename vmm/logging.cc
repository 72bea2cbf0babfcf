#include "virtcrypt/vmm/logging.h"

#include <memory>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm {
namespace {

spdlog::sink_ptr make_sink(const std::optional<std::filesystem::path>& file) {
  if (!file) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    constexpr bool kTruncate = true;
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file->string(), kTruncate);
  } catch (const spdlog::spdlog_ex& error) {
    throw HostError(fmt::format("cannot write the log {}: {}", file->string(), error.what()));
  }
}

}  // namespace

std::vector<std::string> log_level_names() {
  return {"trace", "debug", "info", "warn", "error", "critical", "off"};
}

void set_up_logging(const std::string& level, const std::optional<std::filesystem::path>& file) {
  auto logger = std::make_shared<spdlog::logger>("virtcrypt", make_sink(file));
  logger->set_pattern("[%Y-%m-%d %H:%M:%S.%e] [%l] %v");
  logger->set_level(spdlog::level::from_str(level == "error" ? "err" : level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace virtcrypt::vmm
