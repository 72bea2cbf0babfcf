#include "tests/conformance/known_failures.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

bool is_check(const std::string& id) {
  const std::vector<const Check*> checks = all_checks();
  return std::any_of(checks.begin(), checks.end(), [&](const Check* check) { return check->id == id; });
}

std::vector<RingFormat> formats_named(const std::string& word) {
  if (word.empty()) return {RingFormat::kSplit, RingFormat::kPacked};
  for (const RingFormat ring : {RingFormat::kSplit, RingFormat::kPacked}) {
    if (word == name_of(ring)) return {ring};
  }
  throw std::runtime_error(fmt::format("known failures: {} is neither split nor packed", word));
}

}  // namespace

KnownFailures KnownFailures::parse(std::string_view text) {
  KnownFailures known;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string id, format;
    if (!(words >> id)) continue;
    words >> format;
    if (!is_check(id)) throw std::runtime_error(fmt::format("known failures: there is no check {}", id));
    for (const RingFormat ring : formats_named(format))
      known.checks_.emplace(id, ring);
  }
  return known;
}

std::vector<std::string> KnownFailures::news(const std::vector<CheckResult>& results) const {
  std::vector<std::string> lines;
  for (const CheckResult& result : results) {
    const bool known = checks_.count({std::string(result.check->id), result.ring}) != 0;
    const Verdict verdict = result.outcome.verdict;
    if (is_failure(verdict) && !known)
      lines.push_back(
          fmt::format("not known: {} ({}) {}", result.check->id, name_of(result.ring), name_of(verdict)));
    if (verdict == Verdict::kPassed && known)
      lines.push_back(
          fmt::format("known as a failure: {} ({}) passed", result.check->id, name_of(result.ring)));
  }
  return lines;
}

}  // namespace virtcrypt::conformance
