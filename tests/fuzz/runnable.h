// The targets whose inputs are steps for a device, by name, whatever takes the steps.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virtcrypt::fuzz {

struct Runnable {
  std::string name;
  std::uint8_t number = 0;  // that inputs begin with
  std::function<void(std::span<const std::uint8_t>)> run;
};

// Machine's targets, and that of VhostUserMachine.
[[nodiscard]] std::vector<Runnable> all_runnable();
[[nodiscard]] std::optional<Runnable> runnable_named(std::string_view name);

}  // namespace virtcrypt::fuzz
