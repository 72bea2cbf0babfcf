// The report on a driver: every statement has its place, and what was seen stands in it.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/conformance/driver_report.h"
#include "tests/support/catch.h"
#include "virtcrypt/devices/crypto/driver_check.h"

using namespace virtcrypt;
using namespace virtcrypt::conformance;

namespace {

virtio::JudgedDriver judged(const char* dialect = "standard") {
  virtio::DriverVerdicts verdicts;
  verdicts.keep("INIT-DRV-002", 3);
  verdicts.keep("CFG-DRV-003");
  for (int i = 0; i < 5; ++i)
    verdicts.violate("CFG-DRV-003", "read\nfield");
  return {.device = "crypto0", .dialect = dialect, .tallies = verdicts.tallies()};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Driver statements: each has a rule, or a reason why no device can see it",
          "[conformance][driver]") {
  std::size_t drivers = 0;
  for (const Statement& statement : statements()) {
    CAPTURE(statement.id);
    const bool has_reason =
        std::any_of(driver_reasons().begin(), driver_reasons().end(),
                    [&](const Reason& reason) { return reason.statement == statement.id; });
    CHECK(is_judged(statement.id) + has_reason == (statement.of_device ? 0 : 1));
    drivers += statement.of_device ? 0 : 1;
  }
  CHECK(drivers == 202);
}

TEST_CASE("Driver statements: rules and reasons name statements that there are, each once",
          "[conformance][driver]") {
  std::vector<std::string> ids;
  for (const auto list : {devices::crypto_dev::DriverCheck::statements(),
                          devices::crypto_dev::DriverCheck::request_statements()})
    ids.insert(ids.end(), list.begin(), list.end());
  for (const Reason& reason : driver_reasons()) {
    CHECK_FALSE(reason.text.empty());
    ids.push_back(reason.statement);
  }
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
  for (const std::string& id : ids) {
    CAPTURE(id);
    CHECK(find_statement(id) != nullptr);
  }
}

TEST_CASE("Driver report: what was violated comes with text, counts and evidence", "[conformance][driver]") {
  const std::string text = driver_report_text({judged()}, false);
  CHECK(has(text, "driver of crypto0 (standard)"));
  CHECK(has(text, "CFG-DRV-003 (2.5.1, SHOULD) violated 5 times, kept once\n  " +
                      find_statement("CFG-DRV-003")->text + "\n    read\n    field\n"));
  CHECK(has(text, "    ...\n"));
  CHECK_FALSE(has(text, "INIT-DRV-002"));
  const std::string all = driver_report_text({judged()}, true);
  CHECK(has(all, "\nkept:\n  INIT-DRV-002 (3.1.1, MUST) "));
  CHECK(has(all, "    3 times\n"));
  CHECK(has(all, "\nnot seen:\n"));
  CHECK(has(all, "\nnot observable:\n"));
}

TEST_CASE("Driver report: of a draft's driver requests are not judged", "[conformance][driver]") {
  CHECK_FALSE(has(driver_report_text({judged()}, true), "\nnot judged:\n"));
  CHECK(has(driver_report_text({judged("rfc-v2")}, true), "\nnot judged:\n  CRYPTO-DRV-001 "));
}

TEST_CASE("Driver report: JSON has every statement of every device, and a version", "[conformance][driver]") {
  const auto json = nlohmann::json::parse(driver_report_file({judged(), judged("rfc-v2")}, "x.json"));
  CHECK(json.at("virtcrypt_driver_check") == 1);
  REQUIRE(json.at("devices").size() == 2);
  const auto& list = json.at("devices")[0].at("statements");
  CHECK(list.size() == 202);
  CHECK(json.at("devices")[0].at("total").at("violated") == 1);
  const auto found =
      std::find_if(list.begin(), list.end(), [](const auto& each) { return each.at("id") == "CFG-DRV-003"; });
  REQUIRE(found != list.end());
  CHECK(found->at("verdict") == "violated");
  CHECK(found->at("violated") == 5);
  CHECK(found->at("kept") == 1);
  CHECK(found->at("evidence").size() == 3);
}

TEST_CASE("Driver report: the name of a file says what is in it", "[conformance][driver]") {
  CHECK(driver_report_file({judged()}, "report.txt") == driver_report_text({judged()}, true));
  CHECK(driver_report_file({judged()}, "") == driver_report_text({judged()}, false));
}
