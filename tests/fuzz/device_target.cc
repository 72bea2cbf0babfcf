// A fuzzer of the device: the target that VIRTCRYPT_FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/input.h"
#include "tests/fuzz/machine.h"
#include "tests/fuzz/target_of_binary.h"

namespace virtcrypt::fuzz {

namespace {

const Target& target() {
  static const Target& named = *target_named(VIRTCRYPT_FUZZ_TARGET);
  return named;
}

}  // namespace

std::uint8_t number_of_binary() {
  return target().number;
}

}  // namespace virtcrypt::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtcrypt::fuzz;
  const Input input = parse_input({data, size});
  Machine(target(), input).run(input);
  return 0;
}
