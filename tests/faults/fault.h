// The faults of a test build, as its program sees them.
#pragma once

#include <string>
#include <vector>

namespace virtcrypt::faults {

struct Fault {
  std::string name;                   // lower-case words joined by hyphens
  std::string area;                   // of the device
  std::string does;                   // what the faulty device does, one line
  std::string file;                   // the first source that it is in
  std::vector<std::string> found_by;  // what finds it, in words of the program that looks for it
};

// In the order of the list that was woven into this program. Defined by the weaver.
[[nodiscard]] const std::vector<Fault>& all_faults();

}  // namespace virtcrypt::faults
