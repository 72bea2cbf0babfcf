#include "tests/conformance/statement.h"

#include <algorithm>
#include <stdexcept>

#include "tests/conformance/csv.h"
#include "tests/conformance/texts.h"

namespace virtcrypt::conformance {
namespace {

Statement statement_of(const CsvRow& row) {
  const std::string& section = row[1];
  const std::size_t blank = section.find(' ');
  if (blank == std::string::npos) throw std::runtime_error("a section without a heading: " + section);
  return {.id = row[0],
          .section = section.substr(0, blank),
          .heading = section.substr(blank + 1),
          .level = row[3],
          .text = row[4],
          .of_device = row[2] == "device"};
}

// Element `index` of a heading's path; empty behind its end.
std::string element_of(const std::string& path, std::size_t index) {
  constexpr std::string_view kSeparator = " / ";
  std::size_t start = 0;
  for (; index > 0; --index) {
    const std::size_t end = path.find(kSeparator, start);
    if (end == std::string::npos) return {};
    start = end + kSeparator.size();
  }
  return path.substr(start, path.find(kSeparator, start) - start);
}

template <typename Table, typename Key>
const auto* find_row(const Table& table, std::string_view id, Key key) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.*key == id; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

Chapter chapter_of(const Statement& statement) {
  const std::size_t first = statement.section.find('.');
  const std::string second = element_of(statement.heading, 1);
  const bool is_whole = second.empty() || second.find("Requirements:") != std::string::npos;
  if (first == std::string::npos || is_whole)
    return {statement.section.substr(0, first), element_of(statement.heading, 0)};
  return {statement.section.substr(0, statement.section.find('.', first + 1)), second};
}

std::vector<Statement> parse_statements(std::string_view csv) {
  std::vector<Statement> parsed;
  for (const CsvRow& row :
       parse_csv(csv, {"id", "section", "actor", "level", "summary", "spec_label", "testable_from"}))
    parsed.push_back(statement_of(row));
  return parsed;
}

std::vector<Reason> parse_reasons(std::string_view csv) {
  std::vector<Reason> parsed;
  for (const CsvRow& row : parse_csv(csv, {"id", "unless_offered", "reason"}))
    parsed.push_back({.statement = row[0], .unless_offered = row[1], .text = row[2]});
  return parsed;
}

const std::vector<Statement>& statements() {
  static const std::vector<Statement> all = parse_statements(statements_csv());
  return all;
}

const std::vector<const Statement*>& device_statements() {
  static const std::vector<const Statement*> of_device = [] {
    std::vector<const Statement*> chosen;
    for (const Statement& statement : statements()) {
      if (statement.of_device) chosen.push_back(&statement);
    }
    return chosen;
  }();
  return of_device;
}

const std::vector<Reason>& reasons() {
  static const std::vector<Reason> all = parse_reasons(reasons_csv());
  return all;
}

const Statement* find_statement(std::string_view id) {
  return find_row(statements(), id, &Statement::id);
}

const Reason* find_reason(std::string_view id) {
  return find_row(reasons(), id, &Reason::statement);
}

}  // namespace virtcrypt::conformance
