#include "tests/conformance/report.h"

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

double seconds_of(const StatementResult& result) {
  std::chrono::milliseconds sum{};
  for (const CheckResult* check : result.checks)
    sum += check->outcome.duration;
  return static_cast<double>(sum.count()) / 1000;
}

std::string evidence_of(const RunInfo& info, const StatementResult& result) {
  std::string text = fmt::format("{} {}\n", result.statement->level, result.statement->text);
  for (const CheckResult* check : result.checks) {
    if (!is_failure(check->outcome.verdict)) continue;
    text += fmt::format("{} {}: {}\n", name_of(info, *check), name_of(check->outcome.verdict),
                        check->outcome.message);
    for (const std::string& line : check->outcome.evidence)
      text += fmt::format("  {}\n", line);
    text += fmt::format("repeat: {}\n", repeat_command(info, *check));
  }
  return text;
}

std::string case_xml(const RunInfo& info, const StatementResult& result) {
  std::string xml =
      fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.3f}">)",
                  escaped(result.statement->section), escaped(result.statement->id), seconds_of(result));
  if (result.verdict == StatementVerdict::kFailed) {
    xml += fmt::format("<failure message=\"{}\">{}</failure>", escaped(result.reason),
                       escaped(evidence_of(info, result)));
  } else if (result.verdict != StatementVerdict::kPassed) {
    xml += fmt::format("<skipped message=\"{}: {}\"/>", name_of(result.verdict), escaped(result.reason));
  }
  return xml + "</testcase>\n";
}

std::string counts(const Totals& totals) {
  return fmt::format(R"(tests="{}" failures="{}" errors="0" skipped="{}")", totals.all(), totals.failed,
                     totals.not_tested + totals.not_applicable + totals.not_testable);
}

}  // namespace

std::string as_junit(const Report& report) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  xml += fmt::format("<testsuites name=\"virtcrypt conformance\" {}>\n", counts(report.totals));
  for (const ChapterTotals& row : report.chapters) {
    xml += fmt::format("  <testsuite name=\"{} {}\" {}>\n", escaped(row.chapter.number),
                       escaped(row.chapter.title), counts(row.totals));
    for (const StatementResult& result : report.statements) {
      if (chapter_of(*result.statement).number == row.chapter.number) xml += case_xml(report.info, result);
    }
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace virtcrypt::conformance
