// Checks and reports for tests of the suite itself.
#pragma once

#include <string>

#include "tests/conformance/check.h"
#include "tests/conformance/result.h"

namespace virtcrypt::conformance {

[[nodiscard]] inline CheckResult result_of(const Check& check, Verdict verdict, std::string message = {}) {
  return {.check = &check,
          .outcome = {.verdict = verdict,
                      .message = std::move(message),
                      .evidence = {"device_status: 0xf", "<ring> & \"more\""},
                      .duration = {}}};
}

[[nodiscard]] inline RunInfo run_info() {
  return {.settings = {},
          .rings = {RingFormat::kSplit},
          .facts = {.offered = std::uint64_t{1} << 32,
                    .vendor_id = 0x1AF4,
                    .device_id = 0x1054,
                    .revision_id = 1},
          .target_name = "a device <of> tests",
          .target_version = "1",
          .date = "2026-05-01T00:00:00Z"};
}

}  // namespace virtcrypt::conformance
