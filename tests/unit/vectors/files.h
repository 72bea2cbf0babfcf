// The project's own vector files, for tests.
#pragma once

#include <string>

#include "tests/vectors/report.h"

namespace virtcrypt::vectors {

[[nodiscard]] std::string data_path(const std::string& name);
[[nodiscard]] std::string data_content(const std::string& name);

// Runs content as if it stood in a file of this name.
[[nodiscard]] FileReport run_content(const std::string& name, const std::string& content,
                                     const RunnerOptions& options = {});

// The line of the error that the content provokes; fails the test when there is none.
[[nodiscard]] std::size_t error_line(const std::string& name, const std::string& content);

}  // namespace virtcrypt::vectors
