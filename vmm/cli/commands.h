// The subcommands of the program. Each registers its options with CLI11 and returns what runs it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "virtcrypt/virtio/driver_check/verdicts.h"

namespace virtcrypt::vmm::cli {

// Exit codes of the program; documented in docs/user-guide.md.
enum ExitCode : int {
  kExitSuccess = 0,          // full success; for `run`: the guest powered off
  kExitHostError = 1,        // something on this host is wrong: file, permission, KVM missing
  kExitUsage = 2,            // bad command line
  kExitInterpretedOnly = 3,  // `doctor`: this host runs bare-metal guests, but not Linux
  kExitGuestReset = 10,      // the guest asked for a reset
  kExitTripleFault = 11,     // a vCPU shut down (triple fault)
  kExitEmulation = 12,       // KVM could not emulate an instruction of the guest
  kExitKvmError = 13,        // any other KVM exit that cannot be continued
  kExitSandbox = 14,         // the monitor tried what its sandbox forbids
  kExitInterrupted = 130,    // SIGINT
  kExitTerminated = 143,     // SIGTERM
};

// Adds the subcommand to `app`; the result is called when it was chosen, and returns the exit code. HostError
// passes through to main, which prints it as one line.
using Command = std::function<int()>;
// What `run --check-driver` makes of what was seen, for a file of this name: empty, for standard output.
using DriverReport =
    std::function<std::string(const std::vector<virtio::JudgedDriver>&, std::string_view file_name)>;
Command add_run_command(CLI::App& app, DriverReport driver_report);
Command add_doctor_command(CLI::App& app);
Command add_ctl_command(CLI::App& app);
Command add_vhost_user_command(CLI::App& app);

}  // namespace virtcrypt::vmm::cli
