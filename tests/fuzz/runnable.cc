#include "tests/fuzz/runnable.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/machine.h"
#include "tests/fuzz/operations.h"
#include "tests/fuzz/vhost_user_machine.h"

namespace virtcrypt::fuzz {

std::vector<Runnable> all_runnable() {
  using Bytes = std::span<const std::uint8_t>;
  std::vector<Runnable> all;
  for (const Target& target : targets()) {
    all.push_back({std::string(target.name), target.number, [&target](Bytes bytes) {
                     const Input input = parse_input(bytes);
                     Machine(target, input).run(input);
                   }});
  }
  all.push_back(
      {"vhost-user", kVhostUserNumber, [](Bytes bytes) { VhostUserMachine().run(parse_input(bytes)); }});
  return all;
}

std::optional<Runnable> runnable_named(std::string_view name) {
  for (Runnable& each : all_runnable()) {
    if (each.name == name) return std::move(each);
  }
  return std::nullopt;
}

}  // namespace virtcrypt::fuzz
