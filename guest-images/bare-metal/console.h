// The report: one line a check in the Test Anything Protocol, on COM1.
#pragma once

#include <cstdint>

namespace virtcrypt::guest {

void print(const char* text);
void print_hex(std::uint64_t value);

// "ok N - name" or "not ok N - name".
bool check(bool passed, const char* name);

// The same for equal values; a failure shows both in a comment line before it.
bool check_equal(std::uint64_t got, std::uint64_t expected, const char* name);

// Writes the plan line and ends the machine: soft-off when every check passed, a reset otherwise.
[[noreturn]] void finish();

}  // namespace virtcrypt::guest
