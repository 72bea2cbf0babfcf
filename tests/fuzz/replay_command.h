// `virtcrypt replay`: a fuzzer's input as readable steps, taken one by one.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace virtcrypt::fuzz {

// Adds the subcommand to `app`; the result is called when it was chosen, and returns the exit code: 0 when
// the device has borne the input. An input that it does not bear ends the process as it would end the fuzzer.
[[nodiscard]] std::function<int()> add_replay_command(CLI::App& app);

}  // namespace virtcrypt::fuzz
