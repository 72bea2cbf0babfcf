// `virtcrypt bench --against`: two builds of the program by turns, since what a machine gives changes from
// one second to the next.
#pragma once

#include <string>
#include <vector>

namespace virtcrypt::bench {

// Measures this program and `program`, a path or a name to be found in PATH, once each in every pair, and
// prints a row for each of what `arguments` of `bench` choose. Throws std::runtime_error when one of them
// cannot be run, or gives other results.
void compare_with(const std::string& program, const std::vector<std::string>& arguments, unsigned pairs);

}  // namespace virtcrypt::bench
