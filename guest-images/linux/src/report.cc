#include "report.h"

#include <cstdio>

namespace virtcrypt::guest {

namespace {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "failed";
}

}  // namespace

void report_workload(Verdict verdict, std::string_view label, std::uint64_t requests, double rate) {
  std::printf("@virtcrypt workload verdict=%s requests=%llu rate=%.0f label=%.*s\n", name_of(verdict),
              static_cast<unsigned long long>(requests), rate, static_cast<int>(label.size()), label.data());
  std::fflush(stdout);
}

void report_answers(Verdict verdict, std::string_view label, std::uint64_t answers) {
  std::printf("@virtcrypt answers verdict=%s answers=%llu label=%.*s\n", name_of(verdict),
              static_cast<unsigned long long>(answers), static_cast<int>(label.size()), label.data());
  std::fflush(stdout);
}

void report_check(Verdict verdict, std::string_view label) {
  std::printf("@virtcrypt check verdict=%s label=%.*s\n", name_of(verdict), static_cast<int>(label.size()),
              label.data());
  std::fflush(stdout);
}

}  // namespace virtcrypt::guest
