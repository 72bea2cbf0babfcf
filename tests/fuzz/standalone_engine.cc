#include "tests/fuzz/standalone_engine.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>

#include "tests/fuzz/target_of_binary.h"

// Of the sanitizers, where there is one.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace virtcrypt::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 4096;

std::optional<std::uint8_t> number;
std::minstd_rand mutation_random;

// What is being run, for whoever dies of it.
InputBytes current;
std::array<char, 4096> artifact_path;

void keep_current() {
  if (artifact_path[0] == 0) return;
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

void run_input(const StandaloneRun& run, InputBytes input) {
  current = std::move(input);
  ::alarm(run.input_seconds);
  run.run_input(current);
}

InputBytes contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<InputBytes> corpus(const std::vector<std::string>& paths) {
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
  std::vector<InputBytes> inputs;
  std::transform(files.begin(), files.end(), std::back_inserter(inputs), contents);
  return inputs;
}

std::size_t change(std::uint8_t* data, std::size_t size, unsigned seed) {
  if (number) return LLVMFuzzerCustomMutator(data, size, kMostBytes, seed);
  constexpr unsigned kMostChanges = 16;
  for (unsigned left = 1 + seed % kMostChanges; left > 0; --left)
    size = LLVMFuzzerMutate(data, size, kMostBytes);
  return size;
}

InputBytes changed(InputBytes input, std::minstd_rand& random) {
  const std::size_t size = std::min(input.size(), kMostBytes);
  input.resize(kMostBytes);
  input.resize(change(input.data(), size, static_cast<unsigned>(random())));
  return input;
}

void catch_signals(const std::string& artifact) {
  std::snprintf(artifact_path.data(), artifact_path.size(), "%s", artifact.c_str());
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM, SIGTERM})
    std::signal(signal, on_signal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_current);
}

}  // namespace

StandaloneResult run_standalone(const StandaloneRun& run) {
  number = run.number;
  catch_signals(run.artifact);
  std::vector<InputBytes> inputs = corpus(run.inputs);
  StandaloneResult result{.kept = inputs.size()};
  const auto start = std::chrono::steady_clock::now();
  for (const InputBytes& input : inputs)
    run_input(run, input);
  if (inputs.empty()) inputs.emplace_back();
  std::minstd_rand random(run.seed);
  mutation_random.seed(run.seed);
  for (unsigned i = 0; i < run.runs; ++i)
    run_input(run, changed(inputs[random() % inputs.size()], random));
  ::alarm(0);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

std::uint8_t number_of_binary() {
  return number.value();
}

}  // namespace virtcrypt::fuzz

// What the mutator asks of an engine: bytes changed without knowing what they mean.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  std::minstd_rand& random = virtcrypt::fuzz::mutation_random;
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
