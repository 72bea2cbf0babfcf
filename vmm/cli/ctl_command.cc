// Talks to a running `virtcrypt run --control PATH`.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "virtcrypt/vmm/cli/commands.h"
#include "virtcrypt/vmm/control_socket.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::cli {
namespace {

struct CtlOptions {
  std::string socket;
  std::vector<std::string> words;
  bool json = false;
};

void print_table(const nlohmann::json& devices) {
  fmt::print("{:<12} {:<10} {:>10} {:>14} {:>10} {:>10}\n", "device", "hardware", "sessions", "requests",
             "failed", "in flight");
  for (const auto& device : devices) {
    fmt::print("{:<12} {:<10} {:>10} {:>14} {:>10} {:>10}\n", device.at("name").get<std::string>(),
               device.at("ready").get<bool>() ? "ready" : "not ready",
               device.at("sessions_open").get<std::uint64_t>(), device.at("requests").get<std::uint64_t>(),
               device.at("requests_failed").get<std::uint64_t>(),
               device.at("in_flight").get<std::uint64_t>());
  }
}

int ctl(const CtlOptions& options) {
  const std::string answer =
      ask_control_socket(options.socket, fmt::format("{}", fmt::join(options.words, " ")));
  const auto parsed = nlohmann::json::parse(answer, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("ok"))
    throw HostError(
        fmt::format("'{}' is no control socket of virtcrypt: it answered '{}'", options.socket, answer));
  if (!parsed.at("ok").get<bool>()) throw HostError(parsed.value("error", "the command failed"));
  if (options.json) {
    fmt::print("{}\n", answer);
  } else {
    print_table(parsed.at("devices"));
  }
  return kExitSuccess;
}

}  // namespace

Command add_ctl_command(CLI::App& app) {
  auto options = std::make_shared<CtlOptions>();
  CLI::App* command = app.add_subcommand("ctl", "Ask and steer a guest that runs with --control");
  command->add_option("socket", options->socket, "What was given to 'run --control'")
      ->required()
      ->type_name("PATH");
  command->add_option("command", options->words, "status, or ready [DEVICE] on|off")
      ->required()
      ->type_name("COMMAND");
  command->add_flag("--json", options->json, "Write the answer as JSON");
  command->footer(
      "status                  describes the crypto devices\n"
      "ready [DEVICE] on|off   sets or clears VIRTIO_CRYPTO_S_HW_READY of one device, or of all; the driver\n"
      "                        is told by a configuration change notification");
  return [options] { return ctl(*options); };
}

}  // namespace virtcrypt::vmm::cli
