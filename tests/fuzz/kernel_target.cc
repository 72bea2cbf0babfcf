// A fuzzer of the files that `virtcrypt run` loads.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/read_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(virtcrypt::fuzz::load_kernel({data, size}));
  return 0;
}
