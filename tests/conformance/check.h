// A check: one behaviour of the device, and the statements of the specification that it tests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/settings.h"

namespace virtcrypt::conformance {

class Context;

// What there must be for a check to be run; else it is skipped with the reason.
struct Needs {
  std::uint64_t features = 0;     // the device offers all of these
  std::uint64_t not_offered = 0;  // and none of these
  std::uint32_t abilities = 0;    // the target has all of these (set of Ability)
  std::optional<Dialect> dialect = {};
  std::optional<RingFormat> ring = {};
};

struct Check {
  std::string_view id;     // short, in words joined by hyphens
  std::string_view title;  // what the device does when it passes
  std::vector<std::string_view> statements;
  Needs needs = {};
  void (*run)(Context&);
};

// How a check ends that does not pass.
class CheckFailed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
class CheckSkipped : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The statements say nothing about a device like this one.
class CheckNotApplicable : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Every check, in the order in which they run.
[[nodiscard]] const std::vector<const Check*>& all_checks();

// The areas. Each lives in a file of its own; all_checks() in checks.cc lists them.
[[nodiscard]] std::span<const Check> status_checks();
[[nodiscard]] std::span<const Check> feature_checks();
[[nodiscard]] std::span<const Check> reset_checks();
[[nodiscard]] std::span<const Check> queue_reset_checks();
[[nodiscard]] std::span<const Check> pci_header_checks();
[[nodiscard]] std::span<const Check> pci_structure_checks();
[[nodiscard]] std::span<const Check> common_config_checks();
[[nodiscard]] std::span<const Check> interrupt_checks();
[[nodiscard]] std::span<const Check> ring_buffer_checks();
[[nodiscard]] std::span<const Check> used_ring_checks();
[[nodiscard]] std::span<const Check> split_ring_checks();
[[nodiscard]] std::span<const Check> packed_ring_checks();
[[nodiscard]] std::span<const Check> used_notification_checks();
[[nodiscard]] std::span<const Check> available_notification_checks();
[[nodiscard]] std::span<const Check> packed_notification_checks();
[[nodiscard]] std::span<const Check> crypto_config_checks();
[[nodiscard]] std::span<const Check> crypto_control_checks();
[[nodiscard]] std::span<const Check> crypto_service_checks();
[[nodiscard]] std::span<const Check> crypto_special_checks();
[[nodiscard]] std::span<const Check> crypto_stateless_checks();

}  // namespace virtcrypt::conformance
