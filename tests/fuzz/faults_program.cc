// fuzz_faults: the fuzzing targets tested on faulty devices, without a fuzzing engine. Switches the faults of
// tests/faults/fuzz.faults on, one at a time, each in a process of its own that runs the kept inputs of the
// target that is to find it, and then changes of them; it has to die of one. Without a fault it must not.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>

#include "tests/faults/fault.h"
#include "tests/faults/program.h"
#include "tests/faults/switch.h"
#include "tests/fuzz/runnable.h"
#include "tests/fuzz/standalone_engine.h"
#include "virtcrypt/crypto/sanitizers.h"

namespace virtcrypt::fuzz {
namespace {

namespace fs = std::filesystem;
using faults::Fault;

// How a fault is found, in the words of its list: TARGET [soon|soon-with-asan].
struct Finder {
  Runnable target;
  bool soon = false;       // here, in any build
  bool soon_asan = false;  // here, with AddressSanitizer
  [[nodiscard]] bool applies() const { return soon || (soon_asan && kAddressSanitized); }
};

Finder finder_of(const Fault& fault) {
  if (fault.found_by.size() != 1)
    throw std::runtime_error(fmt::format("fault {}: one found-by line expected", fault.name));
  std::istringstream words(fault.found_by.front());
  std::string target, word;
  words >> target;
  const auto runnable = runnable_named(target);
  if (!runnable)
    throw std::runtime_error(fmt::format("fault {}: there is no target '{}'", fault.name, target));
  Finder finder{.target = *runnable};
  while (words >> word) {
    if (word == "soon") {
      finder.soon = true;
    } else if (word == "soon-with-asan") {
      finder.soon_asan = true;
    } else {
      throw std::runtime_error(fmt::format("fault {}: unknown word '{}'", fault.name, word));
    }
  }
  return finder;
}

struct Options {
  std::string corpus;  // a folder with one for each target
  std::vector<std::string> only;
  bool all = false;
  unsigned runs = 2000;
  unsigned seed = 1;
  unsigned input_seconds = 5;
};

// What a process that ran a target died of; nothing: it did not.
struct Death {
  std::string cause;
};

// The first line that says what went wrong.
std::string cause_in(const std::string& text, int status) {
  for (const char* sign : {"virtcrypt fuzz:", "ERROR: ", "runtime error:", "Assertion"}) {
    const std::size_t at = text.find(sign);
    if (at == std::string::npos) continue;
    const std::size_t begin = text.rfind('\n', at) + 1;
    return text.substr(begin, std::min(text.find('\n', at), begin + 150) - begin);
  }
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return signal == SIGALRM ? "an input without an end" : ::strsignal(signal);
  }
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

[[noreturn]] void run_child(const StandaloneRun& run, const std::string& fault, int error_fd) {
  ::dup2(error_fd, STDERR_FILENO);
  if (!fault.empty()) faults::switch_on(fault);
  int code = 0;
  try {
    static_cast<void>(run_standalone(run));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ERROR: %s\n", error.what());
    code = 3;
  }
  std::exit(code);  // leaks are looked for here
}

std::string read_all(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char buffer[4096];
  for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, file)) != 0;)
    text.append(buffer, count);
  return text;
}

// Runs a target with a fault, which may be none.
std::optional<Death> run_target(const Options& options, const Runnable& target, const std::string& fault,
                                unsigned runs) {
  StandaloneRun run;
  run.number = target.number;
  run.run_input = target.run;
  run.inputs = {(fs::path(options.corpus) / target.name).string()};
  run.runs = runs;
  run.seed = options.seed;
  run.input_seconds = options.input_seconds;
  std::FILE* errors = std::tmpfile();
  if (errors == nullptr) throw std::runtime_error("no temporary file can be made");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process can be made");
  if (child == 0) run_child(run, fault, ::fileno(errors));
  int status = 0;
  ::waitpid(child, &status, 0);
  const std::string text = read_all(errors);
  std::fclose(errors);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 3) throw std::runtime_error(text);
  return Death{cause_in(text, status)};
}

// Proves nothing unless the targets pass without a fault. Returns how many do not.
std::size_t count_false_alarms(const Options& options, const std::map<std::string, Runnable>& targets) {
  std::size_t count = 0;
  for (const auto& [name, target] : targets) {
    const std::optional<Death> death = run_target(options, target, "", 0);
    if (!death) continue;
    ++count;
    fmt::print("without any fault {} fails: {}\n", name, death->cause);
  }
  return count;
}

bool is_chosen(const Options& options, const Fault& fault) {
  const auto fits = [&](const std::string& word) { return fault.name == word || fault.area == word; };
  return options.only.empty() || std::any_of(options.only.begin(), options.only.end(), fits);
}

int run(const Options& options) {
  std::vector<const Fault*> chosen;
  std::map<std::string, Runnable> targets;
  std::size_t left_out = 0;
  for (const Fault& fault : faults::all_faults()) {
    const Finder finder = finder_of(fault);
    if (!is_chosen(options, fault)) continue;
    if (!options.all && !finder.applies()) {
      ++left_out;
      continue;
    }
    chosen.push_back(&fault);
    targets.emplace(finder.target.name, finder.target);
  }
  if (chosen.empty()) throw std::runtime_error("there is no such fault, or it is not one to be found soon");
  const std::size_t false_alarms = count_false_alarms(options, targets);
  std::size_t missed = 0;
  for (const Fault* fault : chosen) {
    const Finder finder = finder_of(*fault);
    const std::optional<Death> death = run_target(options, finder.target, fault->name, options.runs);
    if (!death) ++missed;
    fmt::print("{:<32} {:<12} {}\n", fault->name, finder.target.name, death ? death->cause : "MISSED");
    std::fflush(stdout);
  }
  fmt::print("{} faults found, {} missed, {} left to libFuzzer\n", chosen.size() - missed, missed, left_out);
  return false_alarms == 0 && missed == 0 ? 0 : 1;
}

int run_with(int count, char** words) {
  Options options;
  CLI::App app("Tests the fuzzing targets on devices with deliberate faults", "fuzz_faults");
  app.add_option("CORPUS", options.corpus, "the folder of the kept inputs: tests/fuzz/corpus")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--only", options.only, "Only this fault, or the faults of this area. Repeatable")
      ->allow_extra_args(false);
  app.add_flag("--all", options.all, "Also those that are left to libFuzzer");
  app.add_option("--runs", options.runs, "How many changed inputs to run for each fault")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the changes")->capture_default_str();
  app.footer("Exit code: 0 when all faults are found, and the targets pass without any.");
  return faults::run_program(app, count, words, [&] { return run(options); });
}

}  // namespace
}  // namespace virtcrypt::fuzz

int main(int count, char** words) {
  return virtcrypt::fuzz::run_with(count, words);
}
