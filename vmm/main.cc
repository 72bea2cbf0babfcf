// The program: picks the subcommand, and turns errors into one line each.
#include <exception>
#include <string>

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>

#include "tests/bench/command.h"
#include "tests/conformance/bare_metal/bare_metal_target.h"
#include "tests/conformance/command.h"
#include "tests/conformance/driver_report.h"
#include "tests/fuzz/replay_command.h"
#include "tests/vectors/command.h"
#include "virtcrypt/vmm/cli/commands.h"
#include "virtcrypt/vmm/sandbox/sandbox.h"

namespace {

namespace cli = virtcrypt::vmm::cli;

void print_error(std::string text) {
  // CLI11 breaks some of its messages.
  for (char& character : text) {
    if (character == '\n') character = ' ';
  }
  fmt::print(stderr, "virtcrypt: {}\n", text);
}

// Which help describes what was tried.
std::string help_hint(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? "virtcrypt --help" : "virtcrypt " + chosen.front()->get_name() + " --help";
}

int run_program(int argc, char** argv) {
  CLI::App app("A KVM virtual machine monitor with a complete virtio-crypto device", "virtcrypt");
  app.set_version_flag("--version", "virtcrypt " VIRTCRYPT_VERSION);
  app.require_subcommand(1);
  const cli::Command run = cli::add_run_command(app, virtcrypt::conformance::driver_report_file);
  const cli::Command doctor = cli::add_doctor_command(app);
  const cli::Command ctl = cli::add_ctl_command(app);
  const cli::Command vhost_user = cli::add_vhost_user_command(app);
  const cli::Command vectors = virtcrypt::vectors::add_vectors_command(app);
  const cli::Command bench = virtcrypt::bench::add_bench_command(app);
  const cli::Command replay = virtcrypt::fuzz::add_replay_command(app);
  const cli::Command conformance = virtcrypt::conformance::add_conformance_command(
      app, {{.name = "bare-metal",
             .description = "the device in a machine of this program, driven by a guest on /dev/kvm",
             .make_target = virtcrypt::conformance::make_bare_metal_target}});
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    return app.exit(wish);  // --help, --version
  } catch (const CLI::ParseError& error) {
    // CLI11 says of an unknown word only that a subcommand is missing.
    const std::string word = argc > 1 ? argv[1] : "";
    const bool unknown_command = app.get_subcommands().empty() && !word.empty() && word.front() != '-';
    const std::string what = unknown_command ? "there is no command '" + word + "'" : error.what();
    print_error(fmt::format("{} (see '{}')", what, help_hint(app)));
    return cli::kExitUsage;
  }
  if (app.got_subcommand("run")) return run();
  if (app.got_subcommand("vhost-user")) return vhost_user();
  if (app.got_subcommand("vectors")) return vectors();
  if (app.got_subcommand("bench")) return bench();
  if (app.got_subcommand("replay")) return replay();
  if (app.got_subcommand("conformance")) return conformance();
  return app.got_subcommand("ctl") ? ctl() : doctor();
}

}  // namespace

int main(int argc, char** argv) {
  // No command needs more rights than it was started with; where the kernel cannot promise it, `run` says so.
  (void)virtcrypt::vmm::sandbox::forbid_new_privileges();
  try {
    return run_program(argc, argv);
  } catch (const std::exception& error) {  // HostError, or what the system refused
    print_error(error.what());
    return cli::kExitHostError;
  }
}
