// What a run found, for people and for programs.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tests/vectors/case.h"
#include "tests/vectors/runner.h"

namespace virtcrypt::vectors {

struct FileReport {
  struct Failure {
    std::string name;
    std::size_t line;
    std::string what;
  };

  std::string path;
  std::string kind;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_applicable = 0;
  std::size_t left_out = 0;                    // by RunnerOptions::every
  std::map<std::string, std::size_t> reasons;  // of what is not applicable
  std::vector<Failure> failures;               // the first of them
};

// Failures of a file that are kept; the others are counted only.
constexpr std::size_t kMostFailures = 20;

// Called while a file runs, with the number of cases done and of all.
using Progress = std::function<void(std::size_t done, std::size_t all)>;

// Runs the file on a device of its own. `progress` may be empty.
[[nodiscard]] FileReport run_file(const std::string& path, const VectorFile& file,
                                  const RunnerOptions& options, const Progress& progress = {});

// One line a file, the reasons and the failures below it, and a sum.
[[nodiscard]] std::string table_head();
[[nodiscard]] std::string as_row(const FileReport& report);
[[nodiscard]] std::string as_sum(const std::vector<FileReport>& reports);

// Version 1 of the form that docs/vectors.md describes.
[[nodiscard]] std::string as_json(const std::vector<FileReport>& reports, const RunnerOptions& options);

// Nothing failed, and something ran.
[[nodiscard]] bool is_success(const std::vector<FileReport>& reports);

}  // namespace virtcrypt::vectors
