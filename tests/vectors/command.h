// `virtcrypt vectors`: published test vectors through the rings of a device in this process.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace virtcrypt::vectors {

// Adds the subcommand to `app`; the result is called when it was chosen, and returns the exit code: 0 when
// nothing failed and something ran, 1 otherwise.
[[nodiscard]] std::function<int()> add_vectors_command(CLI::App& app);

}  // namespace virtcrypt::vectors
