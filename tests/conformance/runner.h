// Runs checks, each in a process of its own: one that crashes or hangs fails alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/check.h"
#include "tests/conformance/context.h"
#include "tests/conformance/settings.h"
#include "tests/conformance/target.h"

namespace virtcrypt::conformance {

enum class Verdict : std::uint8_t { kPassed, kFailed, kSkipped, kNotApplicable, kTimedOut, kCrashed };
[[nodiscard]] std::string_view name_of(Verdict verdict);  // "passed", "timed out", ...
[[nodiscard]] inline bool is_failure(Verdict verdict) {
  return verdict == Verdict::kFailed || verdict == Verdict::kTimedOut || verdict == Verdict::kCrashed;
}

// How a check ended.
struct Outcome {
  Verdict verdict = Verdict::kPassed;
  std::string message;                // why, unless it passed
  std::vector<std::string> evidence;  // what was seen
  std::chrono::milliseconds duration{};
};

// What a device says of itself before any check.
struct Facts {
  std::uint64_t offered = 0;
  std::uint16_t vendor_id = 0;
  std::uint16_t device_id = 0;
  std::uint8_t revision_id = 0;
};

struct RunnerOptions {
  std::chrono::milliseconds timeout{20'000};  // of one check
  bool fork = true;  // false: in this process, for a debugger; then there is no time limit
};

// `work` in a child process: its outcome, or what became of the process and the evidence until then. Not once
// this process has threads.
using Work = std::function<Outcome(const EvidenceSink&)>;
[[nodiscard]] Outcome run_isolated(const Work& work, std::chrono::milliseconds timeout);

// Thread-safety: one thread.
class Runner {
 public:
  // Both must outlive the runner. Throws std::runtime_error when no device can be made or it does not look
  // like one of virtio over PCI.
  Runner(Target& target, const Settings& settings, const RunnerOptions& options);

  [[nodiscard]] const Facts& facts() const { return facts_; }
  [[nodiscard]] Outcome run(const Check& check);

 private:
  [[nodiscard]] Outcome guarded(const Work& work) const;
  [[nodiscard]] std::optional<Outcome> unmet(const Needs& needs) const;

  Target& target_;
  const Settings& settings_;
  const RunnerOptions options_;
  Facts facts_;
};

}  // namespace virtcrypt::conformance
