// Reads a list of faults; README.md describes its form.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/fault.h"

namespace virtcrypt::faults {

// What is wrong with a list, or with it and the sources together: one line.
class ListError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A place that a fault changes.
struct Change {
  std::string file;         // path from the top of the project
  std::string snippet;      // what stands there
  std::string replacement;  // what is to stand there, with the word FAULT for "this fault is on"
};

struct ListedFault {
  Fault fault;
  std::vector<Change> changes;
};

// `name`: of the list, for messages. Throws ListError.
[[nodiscard]] std::vector<ListedFault> parse_faults(std::string_view text, std::string_view name);

}  // namespace virtcrypt::faults
