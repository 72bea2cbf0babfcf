// The program's log.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace virtcrypt::vmm {

// Least important first: what --log-level takes.
[[nodiscard]] std::vector<std::string> log_level_names();

// Makes spdlog's default logger write to standard error, or to `file`, what is at least as important as
// `level`. HostError when the file cannot be written.
void set_up_logging(const std::string& level, const std::optional<std::filesystem::path>& file);

}  // namespace virtcrypt::vmm
