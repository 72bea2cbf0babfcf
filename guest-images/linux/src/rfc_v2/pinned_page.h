// Memory whose physical address a program in user space knows: huge pages, which the kernel neither moves nor
// swaps out (Documentation/admin-guide/mm/hugetlbpage.rst, pagemap.rst).
#pragma once

#include <cstddef>

#include "tests/driver/driver_memory.h"

namespace virtcrypt::guest {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// Has the kernel set aside that many huge pages; throws std::runtime_error when it cannot.
void reserve_huge_pages(unsigned count);

// One huge page, physically contiguous, zeroed. Needs root, for the physical address.
class PinnedPage {
 public:
  // Throws std::system_error, or std::runtime_error when the kernel hides the address.
  PinnedPage();
  ~PinnedPage();
  PinnedPage(const PinnedPage&) = delete;
  PinnedPage& operator=(const PinnedPage&) = delete;

  // `address` is the physical one.
  [[nodiscard]] const test::Buffer& buffer() const { return buffer_; }

 private:
  test::Buffer buffer_;
};

}  // namespace virtcrypt::guest
