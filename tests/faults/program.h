// What the programs that run a test build with faults have in common.
#pragma once

#include <cstdio>
#include <exception>
#include <functional>

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>

namespace virtcrypt::faults {

// Reads the command line and runs. The exit code: what `run` says, 0 after --help, 2 when the words are wrong
// or `run` throws.
inline int run_program(CLI::App& app, int count, char** words, const std::function<int()>& run) {
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return 2;
  }
}

}  // namespace virtcrypt::faults
