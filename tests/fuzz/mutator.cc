// Changes inputs step by step rather than byte by byte (libFuzzer's custom mutator).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

#include "tests/fuzz/input.h"
#include "tests/fuzz/target_of_binary.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace virtcrypt::fuzz {
namespace {

using Random = std::minstd_rand;

std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}

void mutate_bytes(Step& step) {
  const std::size_t size = step.bytes.size();
  step.bytes.resize(kMostStepBytes);
  step.bytes.resize(LLVMFuzzerMutate(step.bytes.data(), size, kMostStepBytes));
}

Step random_step(Random& random) {
  Step step{.kind = static_cast<std::uint8_t>(random()), .bytes = {}};
  step.bytes.resize(below(random, 24));
  for (std::uint8_t& byte : step.bytes)
    byte = static_cast<std::uint8_t>(random() >> 8U);
  return step;
}

// One byte of a step: most fields are chosen by one.
void change_byte(Step& step, Random& random) {
  if (step.bytes.empty()) return mutate_bytes(step);
  step.bytes[below(random, step.bytes.size())] = static_cast<std::uint8_t>(random() >> 8U);
}

void change(Input& input, Random& random) {
  std::vector<Step>& steps = input.steps;
  const auto at = [&](std::size_t index) { return steps.begin() + static_cast<std::ptrdiff_t>(index); };
  if (steps.empty()) return steps.push_back(random_step(random));
  const std::size_t which = below(random, steps.size());
  const bool room = steps.size() < kMostSteps;
  switch (below(random, 10)) {
    case 0:
    case 1:
      if (room) steps.insert(at(below(random, steps.size() + 1)), random_step(random));
      break;
    case 2:
      if (room) steps.insert(at(which), Step(steps[below(random, steps.size())]));
      break;
    case 3:
      steps.erase(at(which));
      break;
    case 4:
      std::swap(steps[which], steps[below(random, steps.size())]);
      break;
    case 5:
      if (below(random, 3) == 0) {
        input.options ^= static_cast<std::uint8_t>(1U << below(random, 4));
      } else {
        input.features ^= static_cast<std::uint8_t>(1U << below(random, 8));
      }
      break;
    case 6:
      steps[which].kind = static_cast<std::uint8_t>(random());
      break;
    case 7:
      mutate_bytes(steps[which]);
      break;
    default:
      change_byte(steps[which], random);
      break;
  }
}

std::size_t store(const Input& input, std::uint8_t* data, std::size_t max_size) {
  const std::vector<std::uint8_t> bytes = bytes_of(input);
  const std::size_t size = std::min(bytes.size(), max_size);
  std::copy_n(bytes.begin(), size, data);
  return size;
}

}  // namespace
}  // namespace virtcrypt::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  using namespace virtcrypt::fuzz;
  Random random(seed + 1);
  Input input = parse_input({data, size});
  const std::size_t changes = 1 + below(random, 3);
  for (std::size_t i = 0; i < changes; ++i)
    change(input, random);
  const std::uint8_t number = number_of_binary();
  input.target = number & 0xFU;
  // Only numbers of targets leave room for options.
  if (number > 0xFU) input.options = static_cast<std::uint8_t>(unsigned{number} >> 4U);
  return store(input, data, max_size);
}

// The beginning of one and the end of another.
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second, std::size_t second_size,
                                                 std::uint8_t* out, std::size_t max_size, unsigned seed) {
  using namespace virtcrypt::fuzz;
  Random random(seed + 1);
  Input input = parse_input({first, first_size});
  const Input other = parse_input({second, second_size});
  input.steps.resize(below(random, input.steps.size() + 1));
  const std::size_t from = below(random, other.steps.size() + 1);
  for (std::size_t i = from; i < other.steps.size() && input.steps.size() < kMostSteps; ++i)
    input.steps.push_back(other.steps[i]);
  return store(input, out, max_size);
}
