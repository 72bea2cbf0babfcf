#include "tests/vectors/command.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include <spdlog/fmt/fmt.h>

#include "tests/vectors/report.h"
#include "tests/vectors/vector_file.h"

namespace virtcrypt::vectors {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string ring = "split";
  std::string mode = "session";
  std::size_t every = 1;
  bool json = false;
};

RunnerOptions runner_options(const Options& options) {
  RunnerOptions runner;
  runner.packed = options.ring == "packed";
  runner.every = options.every;
  if (options.mode == "revision1") runner.layout = test::Layout::kRevision1;
  if (options.mode == "stateless") runner.layout = test::Layout::kStateless;
  return runner;
}

// One line that is written over, on terminals only.
class ProgressLine {
 public:
  ~ProgressLine() { clear(); }
  void show(const std::string& path, std::size_t done, std::size_t all) {
    if (!terminal_) return;
    clear();
    fmt::print(stderr, "{} {}/{}", path, done, all);
    std::fflush(stderr);
  }
  void clear() const {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
};

void print_unreadable(const std::string& path, const ParseError& error) {
  const std::string place = error.line() == 0 ? path : fmt::format("{}:{}", path, error.line());
  fmt::print(stderr, "virtcrypt: {}: {}\n", place, error.what());
}

int run(const Options& options) {
  const RunnerOptions runner = runner_options(options);
  std::vector<FileReport> reports;
  bool all_readable = true;
  if (!options.json) std::fputs(table_head().c_str(), stdout);
  for (const std::string& path : options.files) {
    try {
      const VectorFile file = read_vector_file(path);
      ProgressLine line;
      reports.push_back(run_file(path, file, runner,
                                 [&](std::size_t done, std::size_t all) { line.show(path, done, all); }));
    } catch (const ParseError& error) {
      print_unreadable(path, error);
      all_readable = false;
      continue;
    }
    if (!options.json) std::fputs(as_row(reports.back()).c_str(), stdout);
    std::fflush(stdout);
  }
  std::fputs((options.json ? as_json(reports, runner) : as_sum(reports)).c_str(), stdout);
  return all_readable && is_success(reports) ? 0 : 1;
}

}  // namespace

std::function<int()> add_vectors_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("vectors", "Run published test vectors through the crypto device");
  command->add_option("FILE", options->files, "NIST CAVP files (.rsp, .txt) and Wycheproof JSON")->required();
  command->add_option("--ring", options->ring, "Format of the virtqueues: split, packed")
      ->check(CLI::IsMember({"split", "packed"}))
      ->capture_default_str();
  command
      ->add_option(
          "--mode", options->mode,
          "session: without REVISION_1, as Linux speaks; revision1: sessions with it; stateless: without\n"
          "sessions, keys in each request")
      ->check(CLI::IsMember({"session", "revision1", "stateless"}))
      ->capture_default_str();
  command->add_option("--every", options->every, "Run each N-th case only")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Write the report as JSON");
  command->footer(
      "The device runs in this process; no KVM is needed. Exit code: 0 when all files could be read, "
      "nothing\n"
      "failed and at least one case ran, else 1.");
  return [options] { return run(*options); };
}

}  // namespace virtcrypt::vectors
