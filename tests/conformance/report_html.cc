#include "tests/conformance/report.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/features.h"

namespace virtcrypt::conformance {
namespace {

constexpr std::string_view kStyle = R"css(
:root { --line: #d0d7de; --passed: #1a7f37; --failed: #cf222e; --other: #59636e; --ground: #fff; --ink: #1f2328; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --passed: #3fb950; --failed: #f85149; --other: #9198a1; --ground: #0d1117; --ink: #f0f6fc; }
}
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--ground); color: var(--ink); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--other); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; } .n { text-align: right; font-variant-numeric: tabular-nums; }
.controls { position: sticky; top: 0; background: var(--ground); padding: .5rem 0; display: flex; flex-wrap: wrap; gap: .5rem; border-bottom: 1px solid var(--line); }
.controls select, .controls input { font: inherit; padding: .3rem; background: var(--ground); color: var(--ink); border: 1px solid var(--line); border-radius: 4px; }
.controls input { flex: 1; min-width: 10rem; }
article { border: 1px solid var(--line); border-left: 6px solid var(--other); border-radius: 4px; margin: .6rem 0; padding: .4rem .8rem; break-inside: avoid; }
article.passed { border-left-color: var(--passed); } article.failed { border-left-color: var(--failed); }
article h3 { font-size: 1rem; margin: 0; } article p { margin: .2rem 0; }
.verdict { font-weight: 600; color: var(--other); } .passed .verdict, b.passed { color: var(--passed); } .failed .verdict, b.failed { color: var(--failed); }
.place { color: var(--other); font-size: .85rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; margin: .3rem 0; }
@media print { .controls { display: none; } body { max-width: none; font-size: 11px; } }
)css";

constexpr std::string_view kScript = R"js(
const verdict = document.getElementById('verdict'), words = document.getElementById('words');
const rows = [...document.querySelectorAll('article')], shown = document.getElementById('shown');
function filter() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = (verdict.value && row.dataset.verdict !== verdict.value) || !wanted.every(w => text.includes(w));
    count += row.hidden ? 0 : 1;
  }
  shown.textContent = count + ' of ' + rows.length;
}
addEventListener('beforeprint', () => { for (const part of document.querySelectorAll('details')) part.open = true; });
verdict.addEventListener('change', filter);
words.addEventListener('input', filter);
filter();
)js";

// A verdict as a CSS class: one word.
std::string class_of(StatementVerdict verdict) {
  std::string name(name_of(verdict));
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string fact(std::string_view name, std::string_view value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escaped(value));
}

std::string head(const Report& report) {
  const RunInfo& info = report.info;
  const Settings& settings = info.settings;
  std::string html = "<h1>Conformance of a virtio-crypto device</h1>\n<dl>\n";
  html += fact("Device",
               fmt::format("{} ({}), version {}", info.target_name, settings.device, info.target_version));
  html += fact("PCI", fmt::format("{:04x}:{:04x}, revision {}", info.facts.vendor_id, info.facts.device_id,
                                  info.facts.revision_id));
  html += fact("Specification", kSpecification);
  html += fact("Dialect", name_of(settings.dialect));
  html += fact("Virtqueues", ring_names(info));
  html += fact("Offered", joined_feature_names(info.facts.offered, settings.dialect));
  if (settings.features_on != 0)
    html += fact("Switched on", joined_feature_names(settings.features_on, settings.dialect));
  if (settings.features_off != 0)
    html += fact("Switched off", joined_feature_names(settings.features_off, settings.dialect));
  html += fact("Date", info.date);
  return html + fmt::format("<dt>Result</dt><dd><b class=\"{0}\">{0}</b></dd>\n</dl>\n",
                            report.is_success() ? "passed" : "failed");
}

std::string totals_row(std::string_view number, std::string_view title, const Totals& totals) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
      "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
      escaped(number), escaped(title), totals.passed, totals.failed, totals.not_tested, totals.not_applicable,
      totals.not_testable, totals.all());
}

std::string chapters(const Report& report) {
  std::string html =
      "<h2>Totals</h2>\n<div class=\"wide\"><table>\n<tr><th colspan=\"2\">Chapter</th><th "
      "class=\"n\">passed</th>"
      "<th class=\"n\">failed</th><th class=\"n\">not tested</th><th class=\"n\">not applicable</th><th "
      "class=\"n\">not testable</th>"
      "<th class=\"n\">all</th></tr>\n";
  for (const ChapterTotals& row : report.chapters)
    html += totals_row(row.chapter.number, row.chapter.title, row.totals);
  return html + totals_row("", "all", report.totals) + "</table></div>\n";
}

std::string check_html(const RunInfo& info, const CheckResult& result) {
  std::string html = fmt::format(
      "<details{}><summary>{} {}: {}</summary>\n", is_failure(result.outcome.verdict) ? " open" : "",
      escaped(name_of(info, result)), name_of(result.outcome.verdict), escaped(result.check->title));
  std::string lines;
  if (!result.outcome.message.empty()) lines += escaped(result.outcome.message) + "\n";
  for (const std::string& line : result.outcome.evidence)
    lines += escaped(line) + "\n";
  lines += escaped(repeat_command(info, result));
  return html + fmt::format("<pre>{}</pre></details>\n", lines);
}

std::string statement_html(const RunInfo& info, const StatementResult& result) {
  const Statement& statement = *result.statement;
  std::string html = fmt::format(
      "<article class=\"{0}\" data-verdict=\"{0}\" id=\"{1}\">\n<h3>{1} <span "
      "class=\"verdict\">{2}</span></h3>\n"
      "<p>{3} &middot; {4}</p>\n<p class=\"place\">{5} {6}</p>\n",
      class_of(result.verdict), escaped(statement.id), name_of(result.verdict), escaped(statement.level),
      escaped(statement.text), escaped(statement.section), escaped(statement.heading));
  if (!result.reason.empty()) html += fmt::format("<p>{}</p>\n", escaped(result.reason));
  for (const CheckResult* check : result.checks)
    html += check_html(info, *check);
  return html + "</article>\n";
}

std::string controls() {
  std::string html =
      "<div class=\"controls\"><select id=\"verdict\" aria-label=\"Verdict\"><option value=\"\">all</option>";
  for (const StatementVerdict verdict :
       {StatementVerdict::kPassed, StatementVerdict::kFailed, StatementVerdict::kNotTested,
        StatementVerdict::kNotApplicable, StatementVerdict::kNotTestable})
    html += fmt::format("<option value=\"{}\">{}</option>", class_of(verdict), name_of(verdict));
  return html +
         "</select><input id=\"words\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\">"
         "<span id=\"shown\"></span></div>\n";
}

}  // namespace

std::string as_html(const Report& report) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Conformance of a virtio-crypto device</title>\n<style>";
  html.append(kStyle).append("</style>\n</head>\n<body>\n");
  html += head(report) + chapters(report) + "<h2>Statements</h2>\n" + controls();
  for (const StatementResult& result : report.statements)
    html += statement_html(report.info, result);
  return html.append("<script>").append(kScript).append("</script>\n</body>\n</html>\n");
}

}  // namespace virtcrypt::conformance
