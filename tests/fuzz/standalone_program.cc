// fuzz_standalone: the kept inputs of a target, and changes of them, with any compiler.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/fuzz/differential/openssl_judge.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/runnable.h"
#include "tests/fuzz/standalone_engine.h"
#ifdef VIRTCRYPT_FUZZ_FILES
#include "tests/fuzz/read_files.h"
#endif

namespace {

using virtcrypt::fuzz::InputBytes;

// What is fuzzed.
struct Subject {
  std::string name;
  std::optional<std::uint8_t> number;  // of inputs that are steps; the others are any bytes
  std::function<void(const InputBytes&)> run;
  std::function<std::string()> closing_words = [] { return std::string(); };
};

Subject engines() {
  using namespace virtcrypt::fuzz;
  struct Count {
    unsigned answers = 0, opinions = 0;
  };
  const auto count = std::make_shared<Count>();
  const auto judge = [count](const Request& request, const Answer& answer) {
    Judgement judged = judged_by_openssl(request, answer);
    ++count->answers;
    if (judged.has_opinion) ++count->opinions;
    return judged;
  };
  const auto run = [judge](const InputBytes& bytes) {
    const auto wrong = disagreement(parse_input(bytes), judge);
    require(!wrong, wrong.value_or(""));
  };
  const auto words = [count] {
    return "; OpenSSL judged " + std::to_string(count->opinions) + " of " + std::to_string(count->answers) +
           " answers";
  };
  return {"differential", kDifferentialNumber, run, words};
}

std::vector<Subject> subjects() {
  using namespace virtcrypt::fuzz;
  std::vector<Subject> all;
  for (const Runnable& target : all_runnable())
    all.push_back({target.name, target.number, target.run});
  all.push_back(engines());
#ifdef VIRTCRYPT_FUZZ_FILES
  all.push_back(
      {"kernel", std::nullopt, [](const InputBytes& bytes) { static_cast<void>(load_kernel(bytes)); }});
  all.push_back(
      {"vectors", std::nullopt, [](const InputBytes& bytes) { static_cast<void>(parse_vectors(bytes)); }});
#endif
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace virtcrypt::fuzz;
  CLI::App app("Runs kept inputs, then changed ones, and stops at the first that fails.");
  StandaloneRun run;
  run.artifact = "crash";
  std::string name;
  app.add_option("-t,--target", name, "one of virtcrypt's fuzzing targets")->required();
  app.add_option("-r,--runs", run.runs, "how many changed inputs to run");
  app.add_option("-s,--seed", run.seed, "of the changes; the same seed does the same");
  app.add_option("-o,--output", run.artifact, "where to keep an input that fails")->capture_default_str();
  app.add_option("inputs", run.inputs, "files, or folders of files")->check(CLI::ExistingPath);
  CLI11_PARSE(app, argc, argv);
  const std::vector<Subject> all = subjects();
  const auto subject =
      std::find_if(all.begin(), all.end(), [&name](const Subject& some) { return some.name == name; });
  if (subject == all.end()) {
    std::fprintf(stderr, "error: there is no target '%s'\n", name.c_str());
    return 2;
  }
  run.run_input = subject->run;
  run.number = subject->number;
  try {
    const StandaloneResult result = run_standalone(run);
    std::printf("%s: %zu kept inputs and %u changed ones passed in %.1f s%s\n", name.c_str(), result.kept,
                run.runs, result.seconds, subject->closing_words().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
}
