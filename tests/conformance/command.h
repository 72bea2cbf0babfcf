// `virtcrypt conformance`: checks a virtio-crypto device against the specification, statement by statement.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/conformance/target.h"

namespace virtcrypt::conformance {

// A device under test that is made elsewhere.
struct OtherDevice {
  std::string name;         // as --device takes it
  std::string description;  // for --help
  // Throws std::runtime_error, one clear line, when this host cannot have it.
  std::function<std::unique_ptr<Target>()> make_target;
};

// Adds the subcommand to `app`; the result is called when it was chosen, and returns the exit code: 0 when
// nothing failed, timed out or crashed; 1 otherwise. What cannot be done is thrown as std::runtime_error.
[[nodiscard]] std::function<int()> add_conformance_command(CLI::App& app,
                                                           std::vector<OtherDevice> other_devices = {});

}  // namespace virtcrypt::conformance
