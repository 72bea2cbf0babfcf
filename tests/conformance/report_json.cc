#include "tests/conformance/report.h"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "tests/conformance/features.h"

namespace virtcrypt::conformance {
namespace {

using Json = nlohmann::ordered_json;

Json totals_json(const Totals& totals) {
  return {{"passed", totals.passed},
          {"failed", totals.failed},
          {"not_tested", totals.not_tested},
          {"not_applicable", totals.not_applicable},
          {"not_testable", totals.not_testable}};
}

Json device_json(const RunInfo& info) {
  const Facts& facts = info.facts;
  return {{"device", info.settings.device},
          {"name", info.target_name},
          {"version", info.target_version},
          {"pci_id", fmt::format("{:04x}:{:04x}", facts.vendor_id, facts.device_id)},
          {"offered", feature_names(facts.offered, info.settings.dialect)}};
}

Json check_json(const RunInfo& info, const CheckResult& result) {
  return {{"id", result.check->id},
          {"ring", name_of(result.ring)},
          {"title", result.check->title},
          {"statements", result.check->statements},
          {"verdict", name_of(result.outcome.verdict)},
          {"message", result.outcome.message},
          {"evidence", result.outcome.evidence},
          {"milliseconds", result.outcome.duration.count()},
          {"repeat", repeat_command(info, result)}};
}

Json statement_json(const StatementResult& result) {
  Json checks = Json::array();
  for (const CheckResult* check : result.checks)
    checks.push_back(check->check->id);
  const Statement& statement = *result.statement;
  return {{"id", statement.id},         {"section", statement.section},       {"level", statement.level},
          {"text", statement.text},     {"verdict", name_of(result.verdict)}, {"reason", result.reason},
          {"checks", std::move(checks)}};
}

}  // namespace

std::string as_json(const Report& report) {
  const Settings& settings = report.info.settings;
  Json rings = Json::array();
  for (const RingFormat ring : report.info.rings)
    rings.push_back(name_of(ring));
  Json json{{"virtcrypt_conformance", 1},
            {"specification", kSpecification},
            {"date", report.info.date},
            {"device", device_json(report.info)},
            {"dialect", name_of(settings.dialect)},
            {"rings", std::move(rings)},
            {"features_on", feature_names(settings.features_on, settings.dialect)},
            {"features_off", feature_names(settings.features_off, settings.dialect)},
            {"success", report.is_success()},
            {"total", totals_json(report.totals)}};
  json["chapters"] = Json::array();
  for (const ChapterTotals& row : report.chapters)
    json["chapters"].push_back(
        {{"number", row.chapter.number}, {"title", row.chapter.title}, {"total", totals_json(row.totals)}});
  json["statements"] = Json::array();
  for (const StatementResult& result : report.statements)
    json["statements"].push_back(statement_json(result));
  json["checks"] = Json::array();
  for (const CheckResult& result : report.checks)
    json["checks"].push_back(check_json(report.info, result));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virtcrypt::conformance
