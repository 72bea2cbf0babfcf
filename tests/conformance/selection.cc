#include "tests/conformance/selection.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

bool fits(const Check& check, std::string_view word) {
  const auto begins = [word](std::string_view id) { return id.substr(0, word.size()) == word; };
  return begins(check.id) || std::any_of(check.statements.begin(), check.statements.end(), begins);
}

std::vector<const Statement*> tested_by(const std::vector<const Check*>& checks) {
  std::set<std::string_view> ids;
  for (const Check* check : checks)
    ids.insert(check->statements.begin(), check->statements.end());
  std::vector<const Statement*> tested;
  for (const Statement* statement : device_statements()) {
    if (ids.count(statement->id) != 0) tested.push_back(statement);
  }
  return tested;
}

std::string without_check(const Statement& statement) {
  const Reason& reason = *find_reason(statement.id);  // each statement without a check has one
  return reason.unless_offered.empty() ? "not testable: " + reason.text : "not applicable: " + reason.text;
}

}  // namespace

Selection select(const std::vector<std::string>& words) {
  if (words.empty()) return {.checks = all_checks(), .statements = device_statements()};
  Selection selection;
  for (const Check* check : all_checks()) {
    if (std::any_of(words.begin(), words.end(), [&](const std::string& word) { return fits(*check, word); }))
      selection.checks.push_back(check);
  }
  for (const std::string& word : words) {
    if (std::none_of(selection.checks.begin(), selection.checks.end(),
                     [&](const Check* check) { return fits(*check, word); }))
      throw std::runtime_error(
          fmt::format("--only {}: there is no such check, and none for such a statement", word));
  }
  selection.statements = tested_by(selection.checks);
  return selection;
}

std::string as_list(const Selection& selection) {
  std::string text;
  for (const Check* check : selection.checks)
    text += fmt::format("{}\n    {}\n    {}\n", check->id, check->title, fmt::join(check->statements, " "));
  const std::vector<const Statement*> tested = tested_by(selection.checks);
  std::size_t without = 0;
  for (const Statement* statement : selection.statements) {
    if (std::find(tested.begin(), tested.end(), statement) != tested.end()) continue;
    if (without++ == 0) text += "\nstatements without a check\n";
    text += fmt::format("{:<16} {}\n", statement->id, without_check(*statement));
  }
  return text + fmt::format("\n{} checks for {} statements; {} without\n", selection.checks.size(),
                            tested.size(), without);
}

}  // namespace virtcrypt::conformance
