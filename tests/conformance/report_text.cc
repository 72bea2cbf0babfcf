#include "tests/conformance/report.h"

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/features.h"

namespace virtcrypt::conformance {
namespace {

std::string failure_text(const RunInfo& info, const CheckResult& result) {
  std::string text = fmt::format("\n{} {}: {}\n", name_of(info, result), name_of(result.outcome.verdict),
                                 result.check->title);
  for (const std::string_view id : result.check->statements) {
    if (const Statement* statement = find_statement(id))
      text += fmt::format("  {} ({}, {}): {}\n", id, statement->section, statement->level, statement->text);
  }
  text += fmt::format("  {}\n", result.outcome.message);
  for (const std::string& line : result.outcome.evidence)
    text += fmt::format("    {}\n", line);
  return text + fmt::format("  repeat: {}\n", repeat_command(info, result));
}

template <typename... Numbers>
std::string row(std::string_view number, std::string_view title, const Numbers&... numbers) {
  return fmt::format("{:>8} {:>8} {:>11} {:>15} {:>13}  {:<5} {}\n", numbers..., number, title);
}

std::string row(std::string_view number, std::string_view title, const Totals& totals) {
  return row(number, title, totals.passed, totals.failed, totals.not_tested, totals.not_applicable,
             totals.not_testable);
}

std::size_t count(const Report& report, Verdict verdict) {
  std::size_t found = 0;
  for (const CheckResult& result : report.checks)
    found += result.outcome.verdict == verdict ? 1 : 0;
  return found;
}

}  // namespace

std::string ring_names(const RunInfo& info) {
  std::vector<std::string_view> names;
  for (const RingFormat ring : info.rings)
    names.push_back(name_of(ring));
  return fmt::format("{}", fmt::join(names, " and "));
}

std::string name_of(const RunInfo& info, const CheckResult& result) {
  if (info.rings.size() < 2) return std::string(result.check->id);
  return fmt::format("{} ({})", result.check->id, name_of(result.ring));
}

std::string repeat_command(const RunInfo& info, const CheckResult& result) {
  const Settings& settings = info.settings;
  std::string command = fmt::format("virtcrypt conformance --device {} --dialect {} --ring {}",
                                    settings.device, name_of(settings.dialect), name_of(result.ring));
  for (const std::string& name : feature_names(settings.features_on, settings.dialect))
    command += fmt::format(" --feature {}=on", name);
  for (const std::string& name : feature_names(settings.features_off, settings.dialect))
    command += fmt::format(" --feature {}=off", name);
  return command + fmt::format(" --only {}", result.check->id);
}

std::string as_text(const Report& report) {
  std::string text;
  for (const CheckResult& result : report.checks) {
    if (is_failure(result.outcome.verdict)) text += failure_text(report.info, result);
  }
  text += '\n';
  text += row("", "statements of", "passed", "failed", "not tested", "not applicable", "not testable");
  for (const ChapterTotals& chapter : report.chapters)
    text += row(chapter.chapter.number, chapter.chapter.title, chapter.totals);
  text += row("", fmt::format("all {} statements", report.totals.all()), report.totals);
  return text +
         fmt::format(
             "{} checks: {} passed, {} failed, {} timed out, {} crashed, {} skipped, {} not applicable\n",
             report.checks.size(), count(report, Verdict::kPassed), count(report, Verdict::kFailed),
             count(report, Verdict::kTimedOut), count(report, Verdict::kCrashed),
             count(report, Verdict::kSkipped), count(report, Verdict::kNotApplicable));
}

}  // namespace virtcrypt::conformance
