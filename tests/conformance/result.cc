#include "tests/conformance/result.h"

#include <algorithm>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/features.h"

namespace virtcrypt::conformance {
namespace {

bool names(const Check& check, std::string_view statement) {
  return std::find(check.statements.begin(), check.statements.end(), statement) != check.statements.end();
}

std::size_t& counter_of(Totals& totals, StatementVerdict verdict) {
  switch (verdict) {
    case StatementVerdict::kPassed:
      return totals.passed;
    case StatementVerdict::kFailed:
      return totals.failed;
    case StatementVerdict::kNotApplicable:
      return totals.not_applicable;
    case StatementVerdict::kNotTestable:
      return totals.not_testable;
    case StatementVerdict::kNotTested:
      break;
  }
  return totals.not_tested;
}

StatementResult without_checks(const Statement& statement, const RunInfo& info) {
  StatementResult result{.statement = &statement, .reason = "no check yet", .checks = {}};
  const Reason* reason = find_reason(statement.id);
  if (reason == nullptr) return result;
  if (reason->unless_offered.empty()) {
    result.verdict = StatementVerdict::kNotTestable;
    result.reason = reason->text;
    return result;
  }
  const auto feature = feature_named(reason->unless_offered, info.settings.dialect);
  if (feature && (info.facts.offered & *feature) == 0) {
    result.verdict = StatementVerdict::kNotApplicable;
    result.reason = reason->text;
  }
  return result;
}

void add_to_chapter(std::vector<ChapterTotals>& chapters, const StatementResult& result) {
  const Chapter chapter = chapter_of(*result.statement);
  const auto found = std::find_if(chapters.begin(), chapters.end(), [&](const ChapterTotals& row) {
    return row.chapter.number == chapter.number;
  });
  Totals& totals =
      found == chapters.end() ? chapters.emplace_back(ChapterTotals{chapter, {}}).totals : found->totals;
  ++counter_of(totals, result.verdict);
}

}  // namespace

std::string_view name_of(StatementVerdict verdict) {
  switch (verdict) {
    case StatementVerdict::kPassed:
      return "passed";
    case StatementVerdict::kFailed:
      return "failed";
    case StatementVerdict::kNotTested:
      return "not tested";
    case StatementVerdict::kNotApplicable:
      return "not applicable";
    case StatementVerdict::kNotTestable:
      return "not testable";
  }
  return "?";
}

StatementResult fold(const Statement& statement, std::vector<const CheckResult*> checks,
                     const RunInfo& info) {
  if (checks.empty()) return without_checks(statement, info);
  StatementResult result{.statement = &statement, .reason = {}, .checks = std::move(checks)};
  const auto first = [&](auto condition) {
    const auto found =
        std::find_if(result.checks.begin(), result.checks.end(),
                     [&](const CheckResult* check) { return condition(check->outcome.verdict); });
    return found == result.checks.end() ? nullptr : *found;
  };
  const auto is = [](Verdict wanted) { return [wanted](Verdict verdict) { return verdict == wanted; }; };
  if (const CheckResult* failure = first(is_failure)) {
    result.verdict = StatementVerdict::kFailed;
    result.reason = fmt::format("{}: {}", failure->check->id, failure->outcome.message);
  } else if (first(is(Verdict::kPassed)) != nullptr) {
    result.verdict = StatementVerdict::kPassed;
  } else if (const CheckResult* skipped = first(is(Verdict::kSkipped))) {
    result.reason = skipped->outcome.message;
  } else {
    result.verdict = StatementVerdict::kNotApplicable;
    result.reason = result.checks.front()->outcome.message;
  }
  return result;
}

Report make_report(RunInfo info, std::vector<CheckResult> checks,
                   const std::vector<const Statement*>& wanted) {
  Report report{
      .info = std::move(info), .checks = std::move(checks), .statements = {}, .chapters = {}, .totals = {}};
  for (const Statement* statement : wanted) {
    std::vector<const CheckResult*> results;
    for (const CheckResult& result : report.checks) {
      if (names(*result.check, statement->id)) results.push_back(&result);
    }
    report.statements.push_back(fold(*statement, std::move(results), report.info));
    add_to_chapter(report.chapters, report.statements.back());
    ++counter_of(report.totals, report.statements.back().verdict);
  }
  return report;
}

bool Report::is_success() const {
  return std::none_of(checks.begin(), checks.end(),
                      [](const CheckResult& result) { return is_failure(result.outcome.verdict); });
}

}  // namespace virtcrypt::conformance
