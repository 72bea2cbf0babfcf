// --only and --list.
#include <algorithm>
#include <stdexcept>

#include "tests/conformance/selection.h"
#include "tests/support/catch.h"

using namespace virtcrypt::conformance;

TEST_CASE("Selection: without words it is everything", "[conformance][selection]") {
  const Selection all = select({});
  CHECK(all.checks == all_checks());
  CHECK(all.statements == device_statements());
}

TEST_CASE("Selection: a word is the beginning of a check's or a statement's id", "[conformance][selection]") {
  const Selection by_check = select({"status-needs-reset-notification"});
  REQUIRE(by_check.checks.size() == 1);
  CHECK(by_check.statements == std::vector<const Statement*>{find_statement("STATUS-DEV-004")});
  const Selection by_statement = select({"STATUS-DEV-00"});
  CHECK(by_statement.checks.size() >= 4);
  CHECK(std::count(by_statement.statements.begin(), by_statement.statements.end(),
                   find_statement("STATUS-DEV-003")) == 1);
}

TEST_CASE("Selection: a word that fits nothing is refused", "[conformance][selection]") {
  CHECK_THROWS_AS(select({"STATUS-DEV-001", "no-such-check"}), std::runtime_error);
}

TEST_CASE("List: has the checks with their statements, and statements without check with the reason",
          "[conformance][selection]") {
  const std::string text = as_list(select({}));
  CHECK(text.find("status-needs-reset\n") != std::string::npos);
  CHECK(text.find("CRYPTO-DEV-076   not testable: ") != std::string::npos);
  CHECK(text.find("SUSP-DEV-001     not applicable: ") != std::string::npos);
}
