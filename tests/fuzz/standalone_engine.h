// Fuzzing without an engine: runs what is kept, then changes it at random. It learns nothing from what it
// sees, so it finds less than libFuzzer; it needs no other compiler, and does the same every time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace virtcrypt::fuzz {

using InputBytes = std::vector<std::uint8_t>;

struct StandaloneRun {
  std::function<void(const InputBytes&)> run_input;
  std::optional<std::uint8_t> number;  // of inputs that are steps; the others are any bytes
  std::vector<std::string> inputs;     // files, or folders of files
  unsigned runs = 0;                   // of changed inputs, behind the kept ones
  unsigned seed = 1;                   // of the changes; the same seed does the same
  std::string artifact;                // where to keep an input that fails; empty: nowhere
  unsigned input_seconds = 60;         // an input that takes longer fails
};

struct StandaloneResult {
  std::size_t kept = 0;
  double seconds = 0;
};

// Once a process, which dies of an input that fails. Throws std::runtime_error for a file that it cannot
// read.
[[nodiscard]] StandaloneResult run_standalone(const StandaloneRun& run);

}  // namespace virtcrypt::fuzz
