// `virtcrypt conformance`: checks a virtio-crypto device against the specification, statement by statement.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace virtcrypt::conformance {

// Adds the subcommand to `app`; the result is called when it was chosen, and returns the exit code: 0 when
// nothing failed, timed out or crashed; 1 otherwise. What cannot be done is thrown as std::runtime_error.
[[nodiscard]] std::function<int()> add_conformance_command(CLI::App& app);

}  // namespace virtcrypt::conformance
