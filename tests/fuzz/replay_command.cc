#include "tests/fuzz/replay_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "tests/fuzz/differential/run.h"
#include "tests/fuzz/machine.h"
#include "tests/fuzz/read_files.h"
#include "tests/fuzz/vhost_user_machine.h"

namespace virtcrypt::fuzz {
namespace {

struct Options {
  std::string file;
  std::string target;
};

// Fuzzers whose inputs are no steps of a driver.
constexpr std::string_view kKernel = "kernel", kVectors = "vectors", kDifferential = "differential",
                           kVhostUser = "vhost-user";

std::vector<std::uint8_t> read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) throw std::runtime_error(fmt::format("{}: the file is empty", path));
  return bytes;
}

// At once, so that all is seen that happened before a crash.
void print(std::string_view text) {
  fmt::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
  std::fflush(stdout);
}

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Target& target : targets())
    names.emplace_back(target.name);
  for (const std::string_view name : {kDifferential, kVhostUser, kKernel, kVectors})
    names.emplace_back(name);
  return names;
}

// Which fuzzer ran an input: the folders of inputs, and findings, carry its name. Elsewhere the input's own
// number says it; files have none.
std::string target_of(const Options& options, const std::vector<std::uint8_t>& bytes) {
  if (!options.target.empty()) return options.target;
  const std::filesystem::path path = std::filesystem::absolute(options.file);
  for (const std::string& name : target_names()) {
    if (path.parent_path().filename() == name) return name;
    for (const char* const kind : {"crash", "timeout", "oom", "leak", "slow-unit"}) {
      if (path.filename().string().starts_with(fmt::format("{}-{}-", name, kind))) return name;
    }
  }
  if (bytes.front() == kDifferentialNumber) return std::string(kDifferential);
  if (bytes.front() == kVhostUserNumber) return std::string(kVhostUser);
  return std::string(target_numbered(bytes.front()).name);
}

void replay_steps(const Target& target, const Input& input) {
  print(fmt::format("target {} ({}), options {:#x}, feature bits {:#04x}, {} steps", target.name,
                    target.about, input.options, input.features, input.steps.size()));
  Machine(target, input, print).run(input);
  print("the device has borne it");
}

void replay_requests(const Input& input) {
  print(fmt::format("target {} (requests through every engine), {} requests", kDifferential,
                    std::min(input.steps.size(), kMostRequests)));
  const auto wrong = disagreement(input, {}, [](const Request& request, const Answer& answer) {
    print(fmt::format("{}: {}", describe(request), describe(answer)));
  });
  require(!wrong, wrong.value_or(""));
  print("the engines agree");
}

int replay(const Options& options) {
  const std::vector<std::uint8_t> bytes = read_bytes(options.file);
  const std::string name = target_of(options, bytes);
  if (name == kKernel) {
    print(fmt::format("target {} (what virtcrypt run loads), {}", name, load_kernel(bytes)));
  } else if (name == kVectors) {
    print(fmt::format("target {} (what virtcrypt vectors reads), {}", name, parse_vectors(bytes)));
  } else if (name == kDifferential) {
    replay_requests(parse_input(bytes));
  } else if (name == kVhostUser) {
    const Input input = parse_input(bytes);
    print(fmt::format("target {} (messages and rings), {} steps", name, input.steps.size()));
    VhostUserMachine(print).run(input);
    print("the back-end has borne it");
  } else if (const Target* target = target_named(name); target != nullptr) {
    replay_steps(*target, parse_input(bytes));
  } else {
    throw std::runtime_error(
        fmt::format("there is no target '{}'; there are {}", name, fmt::join(target_names(), ", ")));
  }
  return 0;
}

}  // namespace

std::function<int()> add_replay_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("replay", "Take a fuzzer's input step by step, and say what happens");
  command->add_option("FILE", options->file, "the input: of tests/fuzz/corpus, or one that failed")
      ->required();
  command->add_option("--target", options->target,
                      fmt::format("the target, if not the one that the input or its place names: {}",
                                  fmt::join(target_names(), ", ")));
  return [options] { return replay(*options); };
}

}  // namespace virtcrypt::fuzz
