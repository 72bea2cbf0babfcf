#include <cstdio>
#include <memory>

#include "virtcrypt/vmm/cli/commands.h"
#include "virtcrypt/vmm/doctor.h"

namespace virtcrypt::vmm::cli {

namespace {

ExitCode exit_code(Backend backend) {
  switch (backend) {
    case Backend::kHardware:
      return kExitSuccess;
    case Backend::kInterpreted:
      return kExitInterpretedOnly;
    case Backend::kUnusable:
      break;
  }
  return kExitHostError;
}

}  // namespace

Command add_doctor_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("doctor", "Say what this host can run, and what to do about what it cannot");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Write the report as JSON");
  command->footer(
      "Exit code: 0 when every guest runs (hardware virtualization), 3 when only small bare-metal\n"
      "guests run (the host's KVM interprets them), 1 when no guest runs.");
  return [json] {
    const HostReport report = examine_host();
    const std::string text = *json ? as_json(report) : as_table(report);
    std::fputs(text.c_str(), stdout);
    return exit_code(report.backend);
  };
}

}  // namespace virtcrypt::vmm::cli
