// Options of those commands that serve a guest: log, trace, and what the process gives up.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "virtcrypt/devices/crypto/request_trace.h"
#include "virtcrypt/virtio/expected.h"
#include "virtcrypt/vmm/sandbox/sandbox.h"

namespace virtcrypt::vmm::cli {

struct ProcessOptions {
  std::string log_level = "info";
  std::optional<std::string> log_file;
  std::optional<std::string> trace;
  bool trace_payload = false;
  std::string sandbox = "auto";
  bool core_dumps = false;
};

void add_log_options(CLI::App& command, ProcessOptions& options);
void add_trace_options(CLI::App& command, ProcessOptions& options);
void add_sandbox_options(CLI::App& command, ProcessOptions& options);

// Before anything is opened: the beginning of what the sandbox is to be, with the descriptors that were
// inherited.
[[nodiscard]] sandbox::Options begin_sandbox(const ProcessOptions& options);

// Log and core dumps as asked for. HostError.
void set_up_process(const ProcessOptions& options);

// Null when none was asked for. HostError when it cannot be written.
[[nodiscard]] std::shared_ptr<devices::crypto_dev::RequestTrace> make_trace(const ProcessOptions& options);

// Adapts a parser of ours to CLI11: its error becomes a usage error.
template <typename Parser>
CLI::Validator checked_by(Parser parse) {
  return CLI::Validator(
      [parse](std::string& text) {
        const auto parsed = parse(text);
        return parsed ? std::string() : parsed.error();
      },
      "");
}

}  // namespace virtcrypt::vmm::cli
