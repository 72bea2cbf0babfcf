#include "tests/vectors/report.h"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

namespace virtcrypt::vectors {
namespace {

constexpr std::size_t kProgressStep = 64;  // cases between two calls of Progress

struct Sum {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_applicable = 0;
  std::size_t left_out = 0;
};

Sum sum_of(const std::vector<FileReport>& reports) {
  Sum sum;
  for (const FileReport& report : reports) {
    sum.passed += report.passed;
    sum.failed += report.failed;
    sum.not_applicable += report.not_applicable;
    sum.left_out += report.left_out;
  }
  return sum;
}

void count(FileReport& report, const Case& test, const CaseResult& result) {
  switch (result.state) {
    case CaseResult::State::kPassed:
      ++report.passed;
      break;
    case CaseResult::State::kNotApplicable:
      ++report.not_applicable;
      ++report.reasons[result.detail];
      break;
    case CaseResult::State::kFailed:
      if (++report.failed <= kMostFailures) report.failures.push_back({test.name, test.line, result.detail});
      break;
  }
}

std::string place_of(const FileReport& report, const FileReport::Failure& failure) {
  return failure.line == 0 ? report.path : fmt::format("{}:{}", report.path, failure.line);
}

const char* mode_name(test::Layout layout) {
  switch (layout) {
    case test::Layout::kPadded:
      return "session";
    case test::Layout::kRevision1:
      return "revision1";
    case test::Layout::kStateless:
      return "stateless";
  }
  return "?";
}

nlohmann::ordered_json counts(const Sum& sum) {
  return {{"passed", sum.passed},
          {"failed", sum.failed},
          {"not_applicable", sum.not_applicable},
          {"left_out", sum.left_out}};
}

nlohmann::ordered_json file_as_json(const FileReport& report) {
  nlohmann::ordered_json json{{"path", report.path}, {"kind", report.kind}};
  json.update(counts(sum_of({report})));
  json["reasons"] = report.reasons;
  json["failures"] = nlohmann::ordered_json::array();
  for (const FileReport::Failure& failure : report.failures) {
    json["failures"].push_back({{"case", failure.name}, {"line", failure.line}, {"what", failure.what}});
  }
  return json;
}

}  // namespace

FileReport run_file(const std::string& path, const VectorFile& file, const RunnerOptions& options,
                    const Progress& progress) {
  FileReport report;
  report.path = path;
  report.kind = file.kind;
  Runner runner(options);
  for (std::size_t i = 0; i < file.cases.size(); ++i) {
    if (progress && i % kProgressStep == 0) progress(i, file.cases.size());
    if (i % options.every != 0) {
      ++report.left_out;
    } else {
      count(report, file.cases[i], runner.run(file.cases[i]));
    }
  }
  return report;
}

std::string table_head() {
  return fmt::format("{:>8} {:>8} {:>8}  {:<22} {}\n", "passed", "failed", "n/a", "algorithm", "file");
}

std::string as_row(const FileReport& report) {
  std::string text = fmt::format("{:>8} {:>8} {:>8}  {:<22} {}\n", report.passed, report.failed,
                                 report.not_applicable, report.kind, report.path);
  for (const auto& [reason, times] : report.reasons) {
    text += fmt::format("{:>28}not applicable, {}: {}\n", "", times, reason);
  }
  for (const FileReport::Failure& failure : report.failures) {
    text +=
        fmt::format("{:>28}FAILED {} ({}): {}\n", "", failure.name, place_of(report, failure), failure.what);
  }
  if (report.failed > report.failures.size())
    text += fmt::format("{:>28}and {} more failed\n", "", report.failed - report.failures.size());
  return text;
}

std::string as_sum(const std::vector<FileReport>& reports) {
  const Sum sum = sum_of(reports);
  std::string text = fmt::format("{:>8} {:>8} {:>8}  in {} files\n", sum.passed, sum.failed,
                                 sum.not_applicable, reports.size());
  if (sum.left_out != 0) text += fmt::format("{} cases were left out\n", sum.left_out);
  return text;
}

std::string as_json(const std::vector<FileReport>& reports, const RunnerOptions& options) {
  nlohmann::ordered_json json{{"virtcrypt_vectors", 1},
                              {"ring", options.packed ? "packed" : "split"},
                              {"mode", mode_name(options.layout)},
                              {"success", is_success(reports)},
                              {"total", counts(sum_of(reports))}};
  json["files"] = nlohmann::ordered_json::array();
  for (const FileReport& report : reports) {
    json["files"].push_back(file_as_json(report));
  }
  // Names and comments of cases come from files and need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

bool is_success(const std::vector<FileReport>& reports) {
  const Sum sum = sum_of(reports);
  return sum.failed == 0 && sum.passed != 0;
}

}  // namespace virtcrypt::vectors
