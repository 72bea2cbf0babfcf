// A fuzzer of the device: the target that VIRTCRYPT_FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/input.h"
#include "tests/fuzz/machine.h"
#include "tests/fuzz/target_of_binary.h"

namespace virtcrypt::fuzz {

const Target& target_of_binary() {
  static const Target& target = *target_named(VIRTCRYPT_FUZZ_TARGET);
  return target;
}

}  // namespace virtcrypt::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtcrypt::fuzz;
  Machine(target_of_binary()).run(parse_input({data, size}));
  return 0;
}
