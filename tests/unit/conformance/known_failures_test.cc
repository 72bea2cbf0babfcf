// Which results are news when some failures are known.
#include <string>
#include <vector>

#include "tests/conformance/known_failures.h"
#include "tests/support/catch.h"
#include "tests/unit/conformance/fake_checks.h"

using namespace virtcrypt::conformance;

namespace {

Check check_named(std::string_view id) {
  return {.id = id, .title = "For tests", .statements = {"STATUS-DEV-001"}, .needs = {}, .run = nullptr};
}

}  // namespace

TEST_CASE("known failures: news are unlisted failures and listed checks that pass") {
  const auto checks = all_checks();
  const std::string one(checks.at(0)->id), other(checks.at(1)->id);
  const KnownFailures known =
      KnownFailures::parse("# of some device\n" + one + "  # why\n\n  " + other + "\n");
  const Check unlisted = check_named("unlisted");
  using Lines = std::vector<std::string>;
  CHECK(known
            .news({result_of(*checks[0], Verdict::kFailed), result_of(*checks[1], Verdict::kTimedOut),
                   result_of(unlisted, Verdict::kPassed), result_of(unlisted, Verdict::kSkipped)})
            .empty());
  CHECK(known.news({result_of(*checks[0], Verdict::kSkipped)}).empty());
  CHECK(known.news({result_of(*checks[1], Verdict::kPassed)}) ==
        Lines{"known as a failure: " + other + " (split) passed"});
  CHECK(known.news({result_of(unlisted, Verdict::kFailed), result_of(unlisted, Verdict::kCrashed)}) ==
        Lines{"not known: unlisted (split) failed", "not known: unlisted (split) crashed"});
}

TEST_CASE("known failures: some fail with virtqueues of one format only") {
  const Check* const check = all_checks().at(0);
  const KnownFailures known = KnownFailures::parse(std::string(check->id) + " packed # why");
  CheckResult result = result_of(*check, Verdict::kPassed);
  CHECK(known.news({result}).empty());
  result.ring = RingFormat::kPacked;
  CHECK(known.news({result}).size() == 1);
}

TEST_CASE("known failures: a word that is no check, or no format, is refused") {
  CHECK_THROWS_WITH(KnownFailures::parse("no-such-check"), "known failures: there is no check no-such-check");
  CHECK_THROWS_WITH(KnownFailures::parse(std::string(all_checks().at(0)->id) + " round"),
                    "known failures: round is neither split nor packed");
}
