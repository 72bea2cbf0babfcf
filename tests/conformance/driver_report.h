// What was seen of the statements about drivers, of each device of a run: `virtcrypt run --check-driver`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/statement.h"
#include "virtcrypt/virtio/driver_check/verdicts.h"

namespace virtcrypt::conformance {

enum class DriverVerdict : std::uint8_t {
  kKept,
  kViolated,
  kNotSeen,        // the occasion never came
  kNotJudged,      // of requests, and the device does not speak the standard
  kNotObservable,  // by a device
};
[[nodiscard]] std::string_view name_of(DriverVerdict verdict);

struct DriverFinding {
  const Statement* statement;
  DriverVerdict verdict;
  std::string reason;  // kNotObservable
  std::uint64_t kept = 0;
  std::uint64_t violated = 0;
  std::vector<std::string> evidence = {};
};

// Every statement about drivers, in the order of the specification.
[[nodiscard]] std::vector<DriverFinding> find(const virtio::JudgedDriver& driver);

// Those that a rule can find violated; those that no device sees kept or violated, with the reason.
[[nodiscard]] bool is_judged(std::string_view statement);
[[nodiscard]] const std::vector<Reason>& driver_reasons();

// Numbers by chapter, and what was violated; with `all`, the rest as well.
[[nodiscard]] std::string driver_report_text(const std::vector<virtio::JudgedDriver>& drivers, bool all);
[[nodiscard]] std::string driver_report_json(const std::vector<virtio::JudgedDriver>& drivers);

// For the command line: text on standard output if there is no file, else by its ending, .json or .txt.
[[nodiscard]] std::string driver_report_file(const std::vector<virtio::JudgedDriver>& drivers,
                                             std::string_view file_name);

}  // namespace virtcrypt::conformance
