// A fuzzer of the files that `virtcrypt vectors` reads.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/read_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(virtcrypt::fuzz::parse_vectors({data, size}));
  return 0;
}
