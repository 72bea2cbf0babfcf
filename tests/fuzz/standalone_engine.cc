// Fuzzing without an engine: runs what is kept, then changes it at random. It learns nothing from what it
// sees, so it finds less than libFuzzer; it needs no other compiler, and does the same every time.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/fuzz/differential/openssl_judge.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/machine.h"
#include "tests/fuzz/target_of_binary.h"
#ifdef VIRTCRYPT_FUZZ_FILES
#include "tests/fuzz/read_files.h"
#endif

// Of the sanitizers, where there is one.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 4096;

// What is fuzzed.
struct Subject {
  std::string name;
  std::optional<std::uint8_t> number;  // of inputs that are steps; the others are any bytes
  std::function<void(const Bytes&)> run;
  std::function<std::string()> closing_words = [] { return std::string(); };
};

Subject subject;
std::minstd_rand mutation_random;

// What is being run, for whoever dies of it.
Bytes current;
std::array<char, 4096> artifact_path;

void keep_current() {
  std::FILE* file = std::fopen(artifact_path.data(), "wb");
  if (file == nullptr) return;
  std::fwrite(current.data(), 1, current.size(), file);
  std::fclose(file);
  std::fprintf(stderr, "the input is in %s; see it with: virtcrypt replay %s\n", artifact_path.data(),
               artifact_path.data());
}

extern "C" void on_signal(int signal) {
  std::signal(signal, SIG_DFL);
  keep_current();
  std::raise(signal);
}

void run(Bytes input) {
  current = std::move(input);
  subject.run(current);
}

Bytes contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Bytes> corpus(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(path))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> inputs;
  std::transform(files.begin(), files.end(), std::back_inserter(inputs), contents);
  return inputs;
}

std::size_t changed(std::uint8_t* data, std::size_t size, unsigned seed) {
  if (subject.number) return LLVMFuzzerCustomMutator(data, size, kMostBytes, seed);
  constexpr unsigned kMostChanges = 16;
  for (unsigned left = 1 + seed % kMostChanges; left > 0; --left)
    size = LLVMFuzzerMutate(data, size, kMostBytes);
  return size;
}

int fuzz(const std::vector<std::string>& paths, unsigned runs, unsigned seed) {
  std::vector<Bytes> inputs = corpus(paths);
  const std::size_t kept = inputs.size();
  const auto start = std::chrono::steady_clock::now();
  for (const Bytes& input : inputs)
    run(input);
  if (inputs.empty()) inputs.emplace_back();
  std::minstd_rand random(seed);
  mutation_random.seed(seed);
  for (unsigned i = 0; i < runs; ++i) {
    Bytes input = inputs[random() % inputs.size()];
    const std::size_t size = std::min(input.size(), kMostBytes);
    input.resize(kMostBytes);
    input.resize(changed(input.data(), size, static_cast<unsigned>(random())));
    run(std::move(input));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%s: %zu kept inputs and %u changed ones passed in %.1f s%s\n", subject.name.c_str(), kept,
              runs, seconds, subject.closing_words().c_str());
  return 0;
}

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
  const auto run = [judge](const Bytes& bytes) {
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
  for (const Target& target : targets()) {
    all.push_back({std::string(target.name), target.number,
                   [&target](const Bytes& bytes) { Machine(target).run(parse_input(bytes)); }});
  }
  all.push_back(engines());
#ifdef VIRTCRYPT_FUZZ_FILES
  all.push_back({"kernel", std::nullopt, [](const Bytes& bytes) { static_cast<void>(load_kernel(bytes)); }});
  all.push_back(
      {"vectors", std::nullopt, [](const Bytes& bytes) { static_cast<void>(parse_vectors(bytes)); }});
#endif
  return all;
}

}  // namespace

std::uint8_t virtcrypt::fuzz::number_of_binary() {
  return subject.number.value();
}

// What the mutator asks of an engine: bytes changed without knowing what they mean.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  std::minstd_rand& random = mutation_random;
  if (size < max_size && (size == 0 || random() % 4 == 0)) {
    data[size] = static_cast<std::uint8_t>(random() >> 8U);
    return size + 1;
  }
  if (size > 1 && random() % 4 == 0) return size - 1;
  constexpr std::uint8_t kInteresting[] = {0, 1, 0x7F, 0x80, 0xFF};
  std::uint8_t& byte = data[random() % size];
  byte = random() % 2 == 0 ? kInteresting[random() % std::size(kInteresting)]
                           : static_cast<std::uint8_t>(random() >> 8U);
  return size;
}

int main(int argc, char** argv) {
  CLI::App app("Runs kept inputs, then changed ones, and stops at the first that fails.");
  std::vector<std::string> paths;
  unsigned runs = 0, seed = 1;
  std::string artifact = "crash", name;
  app.add_option("-t,--target", name, "one of virtcrypt's fuzzing targets")->required();
  app.add_option("-r,--runs", runs, "how many changed inputs to run");
  app.add_option("-s,--seed", seed, "of the changes; the same seed does the same");
  app.add_option("-o,--output", artifact, "where to keep an input that fails")->capture_default_str();
  app.add_option("inputs", paths, "files, or folders of files")->check(CLI::ExistingPath);
  CLI11_PARSE(app, argc, argv);
  const std::vector<Subject> all = subjects();
  const auto named =
      std::find_if(all.begin(), all.end(), [&name](const Subject& some) { return some.name == name; });
  if (named == all.end()) {
    std::fprintf(stderr, "error: there is no target '%s'\n", name.c_str());
    return 2;
  }
  subject = *named;
  std::snprintf(artifact_path.data(), artifact_path.size(), "%s", artifact.c_str());
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM, SIGTERM})
    std::signal(signal, on_signal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_current);
  try {
    return fuzz(paths, runs, seed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
}
