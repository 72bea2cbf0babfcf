// A fuzzer of the vhost-user back-end.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target_of_binary.h"
#include "tests/fuzz/vhost_user_machine.h"

std::uint8_t virtcrypt::fuzz::number_of_binary() {
  return kVhostUserNumber;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtcrypt::fuzz;
  VhostUserMachine().run(parse_input({data, size}));
  return 0;
}
