// An error of the host side that ends the program or keeps it from starting: a missing file, a refused ioctl.
#pragma once

#include <stdexcept>
#include <string>

namespace virtcrypt::vmm {

// what() is one line that says what is wrong, with the path or the system call concerned, and what to do about it.
class HostError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace virtcrypt::vmm
