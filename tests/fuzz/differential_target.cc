// A fuzzer of the engines: against each other, and against OpenSSL.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/differential/openssl_judge.h"
#include "tests/fuzz/differential/run.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/target_of_binary.h"

std::uint8_t virtcrypt::fuzz::number_of_binary() {
  return kDifferentialNumber;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtcrypt::fuzz;
  const auto wrong = disagreement(parse_input({data, size}), judged_by_openssl);
  require(!wrong, wrong.value_or(""));
  return 0;
}
