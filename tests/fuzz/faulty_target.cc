// A fuzzer of the device with a deliberate fault (tests/faults/fuzz.faults), for libFuzzer and its like: the
// environment says which target, VIRTCRYPT_FUZZ_TARGET, and which fault, VIRTCRYPT_FAULT; empty: none.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "tests/faults/fault.h"
#include "tests/faults/switch.h"
#include "tests/fuzz/runnable.h"
#include "tests/fuzz/target_of_binary.h"

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

[[noreturn]] void refuse(const char* name) {
  const std::string_view value = environment(name);
  std::fprintf(stderr, "error: %s: there is no '%.*s'\n", name, static_cast<int>(value.size()), value.data());
  std::_Exit(2);
}

}  // namespace

namespace virtcrypt::fuzz {
namespace {

const Runnable& target() {
  static const std::optional<Runnable> named = runnable_named(environment("VIRTCRYPT_FUZZ_TARGET"));
  if (!named) refuse("VIRTCRYPT_FUZZ_TARGET");
  return *named;
}

}  // namespace

std::uint8_t number_of_binary() {
  return target().number;
}

}  // namespace virtcrypt::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using namespace virtcrypt;
  static_cast<void>(fuzz::target());
  const std::string_view name = environment("VIRTCRYPT_FAULT");
  if (name.empty()) return 0;
  const auto& all = faults::all_faults();
  const auto is_wanted = [&](const faults::Fault& fault) { return fault.name == name; };
  if (std::none_of(all.begin(), all.end(), is_wanted)) refuse("VIRTCRYPT_FAULT");
  faults::switch_on(name);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtcrypt::fuzz;
  target().run({data, size});
  return 0;
}
