#include "virtcrypt/vmm/cli/process_options.h"

#include <map>
#include <string_view>

#include "virtcrypt/vmm/core_dumps.h"
#include "virtcrypt/vmm/logging.h"
#include "virtcrypt/vmm/sandbox/descriptors.h"
#include "virtcrypt/vmm/trace_file.h"

namespace virtcrypt::vmm::cli {
namespace {

const std::map<std::string, sandbox::Mode> kSandboxModes{
    {"auto", sandbox::Mode::kAuto}, {"on", sandbox::Mode::kOn}, {"off", sandbox::Mode::kOff}};

}  // namespace

void add_log_options(CLI::App& command, ProcessOptions& options) {
  command
      .add_option("--log-level", options.log_level,
                  "What is logged: trace, debug, info, warn, error, critical, off")
      ->type_name("LEVEL")
      ->capture_default_str()
      ->check(CLI::IsMember(log_level_names()));
  command.add_option("--log-file", options.log_file, "Log there instead of to standard error")
      ->type_name("FILE");
}

void add_trace_options(CLI::App& command, ProcessOptions& options) {
  CLI::Option* const trace =
      command
          .add_option("--trace", options.trace,
                      "Write every request of the crypto devices there, field by field, with status and time")
          ->type_name("FILE");
  command
      .add_flag("--trace-payload", options.trace_payload,
                "With it texts, results and keys, in hexadecimal; the first 4 KiB of each")
      ->needs(trace);
}

void add_sandbox_options(CLI::App& command, ProcessOptions& options) {
  command
      .add_option(
          "--sandbox", options.sandbox,
          "What the monitor takes from itself before the guest runs: auto is all that this kernel can take, "
          "with a warning if that is little; on refuses to run without filters of system calls; off is for "
          "debuggers")
      ->type_name("MODE")
      ->capture_default_str()
      ->check(CLI::IsMember(kSandboxModes));
  command.add_flag("--core-dumps", options.core_dumps,
                   "Allow core dumps and debuggers; without it neither gets at the guest's keys");
}

sandbox::Options begin_sandbox(const ProcessOptions& options) {
  sandbox::have_standard_descriptors();
  sandbox::Options wanted{.mode = kSandboxModes.at(options.sandbox),
                          .inherited = sandbox::descriptors_in_use()};
  sandbox::raise_descriptor_limit();
  return wanted;
}

void set_up_process(const ProcessOptions& options) {
  set_up_logging(options.log_level, options.log_file);
  if (!options.core_dumps) forbid_core_dumps();
}

std::shared_ptr<devices::crypto_dev::RequestTrace> make_trace(const ProcessOptions& options) {
  if (!options.trace) return nullptr;
  return std::make_shared<devices::crypto_dev::RequestTrace>(
      [file = std::make_shared<TraceFile>(*options.trace)](std::string_view text) { file->write(text); },
      options.trace_payload);
}

}  // namespace virtcrypt::vmm::cli
