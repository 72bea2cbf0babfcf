// What a check is given: devices, ways to state what is expected, and a place for evidence.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/check.h"
#include "tests/conformance/settings.h"
#include "tests/conformance/target.h"

namespace virtcrypt::conformance {

// Takes evidence in as it comes: of a check that never ends it is all there is.
using EvidenceSink = std::function<void(const std::string&)>;

// Thread-safety: one thread.
class Context {
 public:
  Context(Target& target, const Settings& settings, EvidenceSink sink = {})
      : target_(target), settings_(settings), sink_(std::move(sink)) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] bool is_standard() const { return settings_.dialect == Dialect::kStandard; }
  [[nodiscard]] bool has(Ability ability) const { return (target_.abilities() & ability) != 0; }

  // A device as after power-on.
  [[nodiscard]] std::unique_ptr<Device> make_device(const DeviceOptions& options = {}) {
    return target_.make_device(settings_, options);
  }

  // Each ends the check when what it states is not so. `what` names the thing, without a verb: "queue_enable
  // of queue 1 after reset".
  void expect(bool condition, std::string_view what);
  void expect_equal(std::uint64_t seen, std::uint64_t expected, std::string_view what);
  void expect_equal(std::span<const std::byte> seen, std::span<const std::byte> expected,
                    std::string_view what);

  // Something seen that belongs to the evidence, whatever the verdict. What is there already is not repeated.
  void note(std::string text);
  void note(std::string_view what, std::span<const std::byte> bytes);

  [[noreturn]] void fail(const std::string& text);
  // The target, or what was chosen for the run, does not let the check be made.
  [[noreturn]] void skip(const std::string& reason);
  // There is nothing in this device that the statements are about.
  [[noreturn]] void not_applicable(const std::string& reason);

  // The first of the evidence, and a line on how much more there was.
  [[nodiscard]] std::vector<std::string> evidence() const;

 private:
  Target& target_;
  const Settings& settings_;
  const EvidenceSink sink_;
  std::vector<std::string> evidence_;
  std::size_t left_out_ = 0;
};

// At most `most` bytes in hexadecimal.
[[nodiscard]] std::string hex(std::span<const std::byte> bytes, std::size_t most = 48);

}  // namespace virtcrypt::conformance
