// Folding of verdicts, and the forms of reports.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/conformance/report.h"
#include "tests/conformance/result.h"
#include "tests/support/catch.h"
#include "tests/unit/conformance/fake_checks.h"

using namespace virtcrypt::conformance;

namespace {

const Check kFirst{
    .id = "first", .title = "One <b>", .statements = {"STATUS-DEV-001", "STATUS-DEV-002"}, .run = nullptr};
const Check kSecond{
    .id = "second", .title = "Two & more", .statements = {"STATUS-DEV-002", "PCI-DEV-001"}, .run = nullptr};

StatementResult folded(const char* statement, std::vector<CheckResult> results) {
  std::vector<const CheckResult*> pointers;
  for (const CheckResult& result : results)
    pointers.push_back(&result);
  StatementResult result = fold(*find_statement(statement), pointers, run_info());
  result.checks.clear();  // `results` ends here
  return result;
}

// One statement passed, one failed, one of another chapter not tested.
Report some_report() {
  return make_report(
      run_info(),
      {result_of(kFirst, Verdict::kPassed), result_of(kSecond, Verdict::kFailed, "a < b & 'c' \x01")},
      {find_statement("STATUS-DEV-001"), find_statement("STATUS-DEV-002"), find_statement("CRYPTO-DEV-076"),
       find_statement("PCI-DEV-001")});
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("Folding: a statement passes when none of its checks failed and one passed",
          "[conformance][fold]") {
  CHECK(folded("STATUS-DEV-002", {result_of(kFirst, Verdict::kPassed), result_of(kSecond, Verdict::kPassed)})
            .verdict == StatementVerdict::kPassed);
  CHECK(folded("STATUS-DEV-002", {result_of(kFirst, Verdict::kSkipped), result_of(kSecond, Verdict::kPassed)})
            .verdict == StatementVerdict::kPassed);
}

TEST_CASE("Folding: one check that failed, hung or crashed fails its statements", "[conformance][fold]") {
  const Verdict verdict = GENERATE(Verdict::kFailed, Verdict::kTimedOut, Verdict::kCrashed);
  const StatementResult result =
      folded("STATUS-DEV-002", {result_of(kFirst, Verdict::kPassed), result_of(kSecond, verdict, "seen 5")});
  CHECK(result.verdict == StatementVerdict::kFailed);
  CHECK(result.reason == "second: seen 5");
}

TEST_CASE("Folding: skipped checks leave a statement untested, with their reason", "[conformance][fold]") {
  const StatementResult result =
      folded("STATUS-DEV-001", {result_of(kFirst, Verdict::kSkipped, "no such feature")});
  CHECK(result.verdict == StatementVerdict::kNotTested);
  CHECK(result.reason == "no such feature");
}

TEST_CASE("Folding: a statement does not apply when none of its checks does", "[conformance][fold]") {
  CHECK(folded("STATUS-DEV-002", {result_of(kFirst, Verdict::kNotApplicable, "nothing there")}).verdict ==
        StatementVerdict::kNotApplicable);
  CHECK(folded("STATUS-DEV-002",
               {result_of(kFirst, Verdict::kNotApplicable), result_of(kSecond, Verdict::kSkipped)})
            .verdict == StatementVerdict::kNotTested);
}

TEST_CASE("Folding: without checks the table of reasons speaks", "[conformance][fold]") {
  CHECK(folded("CRYPTO-DEV-076", {}).verdict == StatementVerdict::kNotTestable);
  CHECK(folded("SUSP-DEV-001", {}).verdict == StatementVerdict::kNotApplicable);
  CHECK(folded("SUSP-DEV-001", {}).reason == "SUSPEND is not offered");
  // The reason does not hold for a device that offers the feature.
  RunInfo info = run_info();
  info.facts.offered |= std::uint64_t{1} << 43;
  CHECK(fold(*find_statement("SUSP-DEV-001"), {}, info).reason == "no check yet");
}

TEST_CASE("Report: totals are counted a chapter", "[conformance][report]") {
  const Report report = some_report();
  CHECK_FALSE(report.is_success());
  REQUIRE(report.chapters.size() == 3);
  CHECK(report.chapters[0].chapter.number == "2.1");
  CHECK(report.chapters[0].totals.passed == 1);
  CHECK(report.chapters[0].totals.failed == 1);
  CHECK(report.chapters[1].totals.not_testable == 1);
  CHECK(report.totals.all() == 4);
}

TEST_CASE("Report: JSON has verdicts, evidence and how to repeat", "[conformance][report]") {
  const auto json = nlohmann::json::parse(as_json(some_report()));
  CHECK(json.at("virtcrypt_conformance") == 1);
  CHECK(json.at("success") == false);
  CHECK(json.at("total").at("failed") == 2);
  CHECK(json.at("device").at("offered") == std::vector<std::string>{"VERSION_1"});
  CHECK(json.at("statements").at(0).at("id") == "STATUS-DEV-001");
  CHECK(json.at("statements").at(0).at("verdict") == "passed");
  CHECK(json.at("checks").at(1).at("evidence").at(1) == "<ring> & \"more\"");
  CHECK(json.at("checks").at(1).at("repeat") ==
        "virtcrypt conformance --device in-process --dialect standard --ring split --only second");
}

TEST_CASE("Report: bytes that are not UTF-8 do not break JSON", "[conformance][report]") {
  Report report = make_report(run_info(), {result_of(kFirst, Verdict::kFailed, "\xFF\xFE")},
                              {find_statement("STATUS-DEV-001")});
  CHECK_FALSE(nlohmann::json::parse(as_json(report)).empty());
}

TEST_CASE("Report: JUnit counts what it lists, and escapes", "[conformance][report]") {
  const std::string xml = as_junit(some_report());
  CHECK(xml.substr(0, 5) == "<?xml");
  CHECK(count(xml, "<testcase ") == 4);
  CHECK(count(xml, "<failure ") == 2);
  CHECK(count(xml, "<skipped ") == 1);
  CHECK(count(xml, "<testsuite ") == 3);
  CHECK(count(xml, "</testsuite>") == 3);
  CHECK(xml.find("tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"1\"") != std::string::npos);
  CHECK(xml.find("a &lt; b &amp; &#39;c&#39; \xEF\xBF\xBD") != std::string::npos);
  CHECK(xml.find('\x01') == std::string::npos);
}

TEST_CASE("Report: HTML is one page that loads nothing, and escapes", "[conformance][report]") {
  const std::string html = as_html(some_report());
  CHECK(html.substr(0, 15) == "<!DOCTYPE html>");
  CHECK(count(html, "<article ") == 4);
  CHECK(count(html, "</article>") == 4);
  CHECK(count(html, "<details") == count(html, "</details>"));
  CHECK(count(html, "<script>") == 1);
  for (const char* outside : {"http:", "https:", "src=", "href=", "url(", "@import"})
    CHECK(html.find(outside) == std::string::npos);
  CHECK(html.find("&lt;ring&gt; &amp; &quot;more&quot;") != std::string::npos);
  CHECK(html.find("One &lt;b&gt;") != std::string::npos);
  CHECK(html.find("a device &lt;of&gt; tests") != std::string::npos);
}

TEST_CASE("Report: the terminal has failures with evidence, then totals", "[conformance][report]") {
  const std::string text = as_text(some_report());
  CHECK(text.find("second failed: Two & more") != std::string::npos);
  CHECK(text.find("PCI-DEV-001 (4.1.1, MUST)") != std::string::npos);
  CHECK(text.find("device_status: 0xf") != std::string::npos);
  CHECK(text.find("repeat: virtcrypt conformance") != std::string::npos);
  CHECK(text.find("2 checks: 1 passed, 1 failed, 0 timed out, 0 crashed, 0 skipped, 0 not applicable") !=
        std::string::npos);
}

TEST_CASE("Report: the file name chooses the form", "[conformance][report]") {
  const Report report = some_report();
  CHECK(as_file(report, "a/b.html") == as_html(report));
  CHECK(as_file(report, "b.json") == as_json(report));
  CHECK(as_file(report, "b.xml") == as_junit(report));
  CHECK_FALSE(is_report_name("report.txt"));
  CHECK_FALSE(is_report_name(".html"));
  CHECK_THROWS_AS(as_file(report, "report"), std::invalid_argument);
}

TEST_CASE("Report: the command to repeat names what was switched", "[conformance][report]") {
  RunInfo info = run_info();
  info.settings = {.dialect = Dialect::kRfcV2,
                   .ring = RingFormat::kPacked,
                   .features_on = 1,
                   .features_off = std::uint64_t{1} << 29};
  CheckResult result = result_of(kFirst, Verdict::kFailed);
  result.ring = RingFormat::kPacked;
  CHECK(repeat_command(info, result) ==
        "virtcrypt conformance --device in-process --dialect rfc-v2 --ring packed --feature STATUS=on "
        "--feature "
        "EVENT_IDX=off --only first");
}

TEST_CASE("Report: with both formats each check says which it ran with", "[conformance][report]") {
  RunInfo info = run_info();
  info.rings = {RingFormat::kSplit, RingFormat::kPacked};
  std::vector<CheckResult> results{result_of(kFirst, Verdict::kPassed),
                                   result_of(kFirst, Verdict::kFailed, "no")};
  results[1].ring = RingFormat::kPacked;
  const Report report = make_report(info, results, {find_statement("STATUS-DEV-001")});
  CHECK(report.statements.front().verdict == StatementVerdict::kFailed);
  CHECK(as_text(report).find("first (packed) failed") != std::string::npos);
  CHECK(as_html(report).find("<dd>split and packed</dd>") != std::string::npos);
  const auto json = nlohmann::json::parse(as_json(report));
  CHECK(json.at("rings") == std::vector<std::string>{"split", "packed"});
  CHECK(json.at("checks").at(1).at("ring") == "packed");
}
