// What the user types on its way to the guest: Ctrl-A x leaves, Ctrl-A Ctrl-A is one Ctrl-A.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace virtcrypt::vmm {

// Ctrl-A followed by anything else is not ours: both bytes go to the guest. State lives across calls, since
// two keys rarely arrive together. Thread-safety: distinct objects.
class EscapeFilter {
 public:
  struct Result {
    std::vector<std::byte> to_guest;
    bool quit = false;  // what came after it is dropped
  };
  [[nodiscard]] Result feed(std::span<const std::byte> typed);

 private:
  bool after_escape_ = false;
};

}  // namespace virtcrypt::vmm
