// Result lines of the guest: one a line on standard output, prefixed so that no kernel message can be taken
// for one. guest-images/README.md describes the format; the scripts of the host judge a guest by these lines
// alone.
#pragma once

#include <cstdint>
#include <string_view>

namespace virtcrypt::guest {

enum class Verdict : std::uint8_t { kPassed, kFailed, kSkipped };

// One workload: what was done (`label`), how many requests the device served, and how many a second.
void report_workload(Verdict verdict, std::string_view label, std::uint64_t requests, double rate);

// An algorithm, and how many published answers it gave.
void report_answers(Verdict verdict, std::string_view label, std::uint64_t answers);

// One yes-or-no fact.
void report_check(Verdict verdict, std::string_view label);

}  // namespace virtcrypt::guest
