// `virtcrypt bench`: how fast the device is, beside what its engines do by themselves.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace virtcrypt::bench {

// Adds the subcommand; the result runs it and returns the exit code.
[[nodiscard]] std::function<int()> add_bench_command(CLI::App& app);

}  // namespace virtcrypt::bench
