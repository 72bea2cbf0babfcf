// What a run found: verdicts of checks folded into verdicts of statements and totals of chapters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/check.h"
#include "tests/conformance/runner.h"
#include "tests/conformance/settings.h"
#include "tests/conformance/statement.h"

namespace virtcrypt::conformance {

struct CheckResult {
  const Check* check;
  Outcome outcome;
  RingFormat ring = RingFormat::kSplit;  // with virtqueues of this format
};

enum class StatementVerdict : std::uint8_t {
  kPassed,
  kFailed,
  kNotTested,      // its checks were skipped, or there is none for a device with such a feature
  kNotApplicable,  // it is about something that this device does not have
  kNotTestable,    // at the interface, by any check
};
[[nodiscard]] std::string_view name_of(StatementVerdict verdict);

struct StatementResult {
  const Statement* statement;
  StatementVerdict verdict = StatementVerdict::kNotTested;
  std::string reason;                      // unless passed
  std::vector<const CheckResult*> checks;  // of the results that were folded
};

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_tested = 0;
  std::size_t not_applicable = 0;
  std::size_t not_testable = 0;
  [[nodiscard]] std::size_t all() const {
    return passed + failed + not_tested + not_applicable + not_testable;
  }
};

struct ChapterTotals {
  Chapter chapter;
  Totals totals;
};

// What was run, for the head of reports.
struct RunInfo {
  Settings settings;
  std::vector<RingFormat> rings;  // one after the other
  Facts facts;
  std::string target_name;
  std::string target_version;
  std::string date;  // of the run, UTC
};

struct Report {
  RunInfo info;
  std::vector<CheckResult> checks;
  std::vector<StatementResult> statements;
  std::vector<ChapterTotals> chapters;
  Totals totals;
  [[nodiscard]] bool is_success() const;
};

// One statement's verdict from those of its checks. Failed if one of them failed; passed if one passed and
// none failed; not applicable if all are; else not tested.
[[nodiscard]] StatementResult fold(const Statement& statement, std::vector<const CheckResult*> checks,
                                   const RunInfo& info);

// `wanted`: the statements to report on. The report points into its own `checks`; it may be moved, not copied
// from under a reader.
[[nodiscard]] Report make_report(RunInfo info, std::vector<CheckResult> checks,
                                 const std::vector<const Statement*>& wanted);

}  // namespace virtcrypt::conformance
