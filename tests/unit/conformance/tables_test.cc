// The tables of the suite, and that checks and tables fit together.
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/conformance/check.h"
#include "tests/conformance/csv.h"
#include "tests/conformance/features.h"
#include "tests/conformance/statement.h"
#include "tests/support/catch.h"

using namespace virtcrypt::conformance;

namespace {

std::set<std::string> tested_statements() {
  std::set<std::string> tested;
  for (const Check* check : all_checks())
    tested.insert(check->statements.begin(), check->statements.end());
  return tested;
}

}  // namespace

TEST_CASE("CSV: fields may be quoted, with commas, quotes and line ends in them", "[conformance][csv]") {
  const auto rows = parse_csv("a,b\n1,\"x, \"\"y\"\"\nz\"\n,last", {"a", "b"});
  CHECK(rows == std::vector<CsvRow>{{"1", "x, \"y\"\nz"}, {"", "last"}});
}

TEST_CASE("CSV: line ends of other systems are taken as well", "[conformance][csv]") {
  CHECK(parse_csv("a,b\r\n1,2\r\n", {"a", "b"}) == std::vector<CsvRow>{{"1", "2"}});
}

TEST_CASE("CSV: what is not a table of this head is refused", "[conformance][csv]") {
  const char* text =
      GENERATE("", "a\n1\n", "b,a\n", "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n\"1,2\n", "a,b\n\"1\"x,2\n");
  CAPTURE(text);
  CHECK_THROWS_AS(parse_csv(text, {"a", "b"}), std::runtime_error);
}

TEST_CASE("Statements: all of the specification's are there, each once", "[conformance][tables]") {
  CHECK(statements().size() == 431);
  CHECK(device_statements().size() == 229);
  std::set<std::string> ids;
  for (const Statement& statement : statements()) {
    CAPTURE(statement.id);
    CHECK(ids.insert(statement.id).second);
    CHECK_FALSE(statement.text.empty());
    CHECK(statement.of_device == (statement.id.find("-DEV-") != std::string::npos));
  }
}

TEST_CASE("Statements: chapters are the first two numbers of the section, with their heading",
          "[conformance][tables]") {
  const auto chapter = [](const char* id) { return chapter_of(*find_statement(id)); };
  CHECK(chapter("STATUS-DEV-001").number == "2.1");
  CHECK(chapter("STATUS-DEV-001").title == "Device Status Field");
  CHECK(chapter("PCI-DEV-060").number == "4.1");
  CHECK(chapter("PCI-DEV-060").title == "Virtio Over PCI Bus");
  CHECK(chapter("CRYPTO-DEV-001").number == "5.9");
  CHECK(chapter("CRYPTO-DEV-001").title == "Crypto Device");
  CHECK(chapter("RSVD-DEV-001").number == "6");
  CHECK(chapter("RSVD-DEV-001").title == "Reserved Feature Bits");
}

TEST_CASE("Checks: ids are unique words, joined by hyphens", "[conformance][checks]") {
  std::set<std::string_view> ids;
  for (const Check* check : all_checks()) {
    CAPTURE(check->id);
    CHECK(ids.insert(check->id).second);
    CHECK(check->id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos);
    CHECK_FALSE(check->title.empty());
    CHECK(check->run != nullptr);
  }
}

TEST_CASE("Checks: each tests device statements that there are", "[conformance][checks]") {
  for (const Check* check : all_checks()) {
    CAPTURE(check->id);
    CHECK_FALSE(check->statements.empty());
    for (const std::string_view id : check->statements) {
      CAPTURE(id);
      REQUIRE(find_statement(id) != nullptr);
      CHECK(find_statement(id)->of_device);
    }
  }
}

TEST_CASE("Completeness: each device statement has a check, or a reason for none", "[conformance][checks]") {
  const std::set<std::string> tested = tested_statements();
  for (const Statement* statement : device_statements()) {
    CAPTURE(statement->id);
    const bool has_check = tested.count(statement->id) != 0;
    const bool has_reason = find_reason(statement->id) != nullptr;
    CHECK(has_check != has_reason);
  }
}

TEST_CASE("Completeness: reasons name device statements, each once", "[conformance][checks]") {
  std::set<std::string> seen;
  for (const Reason& reason : reasons()) {
    CAPTURE(reason.statement);
    CHECK(seen.insert(reason.statement).second);
    REQUIRE(find_statement(reason.statement) != nullptr);
    CHECK(find_statement(reason.statement)->of_device);
    CHECK_FALSE(reason.text.empty());
    if (!reason.unless_offered.empty())
      CHECK(feature_named(reason.unless_offered, Dialect::kStandard).has_value());
  }
}

TEST_CASE("Features: names are those of the specification, with and without prefix",
          "[conformance][features]") {
  CHECK(feature_named("RING_RESET", Dialect::kStandard) == std::uint64_t{1} << 40);
  CHECK(feature_named("VIRTIO_F_RING_RESET", Dialect::kStandard) == std::uint64_t{1} << 40);
  CHECK(feature_named("VIRTIO_CRYPTO_F_REVISION_1", Dialect::kStandard) == 1U);
  CHECK(feature_named("MQ", Dialect::kRfcV2) == 2U);
  CHECK_FALSE(feature_named("MQ", Dialect::kStandard).has_value());
  CHECK(joined_feature_names(0x1'0000'0081, Dialect::kStandard) == "REVISION_1, bit 7, VERSION_1");
}
