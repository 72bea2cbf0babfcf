#include "tests/conformance/driver_report.h"

#include <algorithm>
#include <array>
#include <map>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "tests/conformance/csv.h"
#include "tests/conformance/texts.h"
#include "virtcrypt/devices/crypto/driver_check.h"

namespace virtcrypt::conformance {
namespace {

using Json = nlohmann::ordered_json;
using devices::crypto_dev::DriverCheck;
using Counts = std::array<std::size_t, 5>;  // by DriverVerdict

constexpr std::string_view kNoCryptoVerdict = "rfc-v2";

template <typename Ids>
bool is_among(const Ids& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool is_of_requests(std::string_view id) {
  return is_among(DriverCheck::request_statements(), id);
}

DriverFinding finding_of(const Statement& statement, const virtio::JudgedDriver& driver) {
  DriverFinding finding{.statement = &statement, .verdict = DriverVerdict::kNotSeen, .reason = {}};
  const auto reason = std::find_if(driver_reasons().begin(), driver_reasons().end(),
                                   [&](const Reason& each) { return each.statement == statement.id; });
  if (reason != driver_reasons().end()) {
    finding.verdict = DriverVerdict::kNotObservable;
    finding.reason = reason->text;
    return finding;
  }
  const auto tally =
      std::find_if(driver.tallies.begin(), driver.tallies.end(),
                   [&](const virtio::DriverVerdicts::Tally& each) { return each.statement == statement.id; });
  if (tally != driver.tallies.end()) {
    finding.verdict = tally->violated > 0 ? DriverVerdict::kViolated : DriverVerdict::kKept;
    finding.kept = tally->kept;
    finding.violated = tally->violated;
    finding.evidence = tally->evidence;
  } else if (driver.dialect == kNoCryptoVerdict && is_of_requests(statement.id)) {
    finding.verdict = DriverVerdict::kNotJudged;
  }
  return finding;
}

Counts counts_of(const std::vector<const DriverFinding*>& findings) {
  Counts counts{};
  for (const DriverFinding* finding : findings)
    ++counts[static_cast<std::size_t>(finding->verdict)];
  return counts;
}

std::string row(const Counts& counts, std::string_view number, std::string_view title) {
  return fmt::format("{:>8} {:>8} {:>8} {:>10} {:>14}  {:<5} {}\n", counts[0], counts[1], counts[2],
                     counts[3], counts[4], number, title);
}

std::string table_of(const std::vector<DriverFinding>& findings) {
  std::vector<Chapter> chapters;
  std::map<std::string, std::vector<const DriverFinding*>> by_chapter;
  std::vector<const DriverFinding*> all;
  for (const DriverFinding& finding : findings) {
    const Chapter chapter = chapter_of(*finding.statement);
    if (by_chapter[chapter.number].empty()) chapters.push_back(chapter);
    by_chapter[chapter.number].push_back(&finding);
    all.push_back(&finding);
  }
  std::string text = fmt::format("{:>8} {:>8} {:>8} {:>10} {:>14}  {:<5} {}\n", "kept", "violated",
                                 "not seen", "not judged", "not observable", "", "statements of");
  for (const Chapter& chapter : chapters)
    text += row(counts_of(by_chapter[chapter.number]), chapter.number, chapter.title);
  return text + row(counts_of(all), "", fmt::format("all {} statements", all.size()));
}

std::string times(std::uint64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

// Each line behind the first is moved in as well.
std::string indented(const std::string& text) {
  std::string moved = "    ";
  for (const char character : text) {
    moved += character;
    if (character == '\n') moved += "    ";
  }
  while (!moved.empty() && (moved.back() == ' ' || moved.back() == '\n'))
    moved.pop_back();
  return moved + '\n';
}

std::string violation_text(const DriverFinding& finding) {
  const Statement& statement = *finding.statement;
  std::string text = fmt::format("\n{} ({}, {}) violated {}", statement.id, statement.section,
                                 statement.level, times(finding.violated));
  if (finding.kept > 0) text += fmt::format(", kept {}", times(finding.kept));
  text += fmt::format("\n  {}\n", statement.text);
  for (const std::string& evidence : finding.evidence)
    text += indented(evidence);
  if (finding.violated > finding.evidence.size()) text += "    ...\n";
  return text;
}

std::string rest_text(const std::vector<DriverFinding>& findings) {
  std::string text;
  for (const DriverVerdict verdict : {DriverVerdict::kKept, DriverVerdict::kNotSeen,
                                      DriverVerdict::kNotJudged, DriverVerdict::kNotObservable}) {
    std::string list;
    for (const DriverFinding& finding : findings) {
      if (finding.verdict != verdict) continue;
      list += fmt::format("  {} ({}, {}) {}\n", finding.statement->id, finding.statement->section,
                          finding.statement->level, finding.statement->text);
      if (verdict == DriverVerdict::kKept) list += fmt::format("    {}\n", times(finding.kept));
      if (!finding.reason.empty()) list += fmt::format("    {}\n", finding.reason);
    }
    if (!list.empty()) text += fmt::format("\n{}:\n{}", name_of(verdict), list);
  }
  return text;
}

Json finding_json(const DriverFinding& finding) {
  return {{"id", finding.statement->id},
          {"section", finding.statement->section},
          {"level", finding.statement->level},
          {"text", finding.statement->text},
          {"verdict", name_of(finding.verdict)},
          {"reason", finding.reason},
          {"kept", finding.kept},
          {"violated", finding.violated},
          {"evidence", finding.evidence}};
}

}  // namespace

std::string_view name_of(DriverVerdict verdict) {
  switch (verdict) {
    case DriverVerdict::kKept:
      return "kept";
    case DriverVerdict::kViolated:
      return "violated";
    case DriverVerdict::kNotSeen:
      return "not seen";
    case DriverVerdict::kNotJudged:
      return "not judged";
    case DriverVerdict::kNotObservable:
      break;
  }
  return "not observable";
}

bool is_judged(std::string_view statement) {
  return is_of_requests(statement) || is_among(DriverCheck::statements(), statement);
}

const std::vector<Reason>& driver_reasons() {
  static const std::vector<Reason> all = [] {
    std::vector<Reason> parsed;
    for (const CsvRow& each : parse_csv(driver_reasons_csv(), {"id", "reason"}))
      parsed.push_back({.statement = each[0], .unless_offered = {}, .text = each[1]});
    return parsed;
  }();
  return all;
}

std::vector<DriverFinding> find(const virtio::JudgedDriver& driver) {
  std::vector<DriverFinding> findings;
  for (const Statement& statement : statements()) {
    if (!statement.of_device) findings.push_back(finding_of(statement, driver));
  }
  return findings;
}

std::string driver_report_text(const std::vector<virtio::JudgedDriver>& drivers, bool all) {
  std::string text;
  for (const virtio::JudgedDriver& driver : drivers) {
    const std::vector<DriverFinding> findings = find(driver);
    text += fmt::format("{}driver of {} ({}), by {}\n", text.empty() ? "" : "\n", driver.device,
                        driver.dialect, kSpecification);
    text += table_of(findings);
    for (const DriverFinding& finding : findings) {
      if (finding.verdict == DriverVerdict::kViolated) text += violation_text(finding);
    }
    if (all) text += rest_text(findings);
  }
  return text;
}

std::string driver_report_json(const std::vector<virtio::JudgedDriver>& drivers) {
  Json devices = Json::array();
  for (const virtio::JudgedDriver& driver : drivers) {
    Json list = Json::array();
    Json totals = Json::object();
    for (const DriverFinding& finding : find(driver)) {
      list.push_back(finding_json(finding));
      const std::string verdict(name_of(finding.verdict));
      totals[verdict] = totals.value(verdict, 0) + 1;
    }
    devices.push_back(
        {{"device", driver.device}, {"dialect", driver.dialect}, {"total", totals}, {"statements", list}});
  }
  const Json report = {
      {"virtcrypt_driver_check", 1}, {"specification", kSpecification}, {"devices", devices}};
  // Evidence is text of ours and numbers, but nothing of it may stop the report.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string driver_report_file(const std::vector<virtio::JudgedDriver>& drivers, std::string_view file_name) {
  const bool is_json = file_name.size() >= 5 && file_name.substr(file_name.size() - 5) == ".json";
  return is_json ? driver_report_json(drivers) : driver_report_text(drivers, !file_name.empty());
}

}  // namespace virtcrypt::conformance
