#include "tests/fuzz/replay_command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/fuzz/machine.h"

namespace virtcrypt::fuzz {
namespace {

struct Options {
  std::string file;
  std::string target;
};

Input read_input(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) throw std::runtime_error(fmt::format("{}: the file is empty", path));
  return parse_input(bytes);
}

// At once, so that all is seen that happened before a crash.
void print(std::string_view text) {
  fmt::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
  std::fflush(stdout);
}

std::string target_names() {
  std::string names;
  for (const Target& target : targets())
    names.append(names.empty() ? "" : ", ").append(target.name);
  return names;
}

int replay(const Options& options) {
  const Input input = read_input(options.file);
  const Target* target =
      options.target.empty() ? &target_numbered(input.target) : target_named(options.target);
  if (target == nullptr) {
    throw std::runtime_error(
        fmt::format("there is no target '{}'; there are {}", options.target, target_names()));
  }
  print(fmt::format("target {} ({}), feature bits {:#04x}, {} steps", target->name, target->about,
                    input.features, input.steps.size()));
  Machine(*target, print).run(input);
  print("the device has borne it");
  return 0;
}

}  // namespace

std::function<int()> add_replay_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("replay", "Take the steps of a fuzzer's input one by one, and say what happens");
  command->add_option("FILE", options->file, "the input: of tests/fuzz/corpus, or one that failed")
      ->required();
  command->add_option("--target", options->target,
                      fmt::format("the target, if not the one that the input names: {}", target_names()));
  return [options] { return replay(*options); };
}

}  // namespace virtcrypt::fuzz
