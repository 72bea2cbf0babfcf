// How much memory this program has: every operator new is counted, and the memory for keys.
#pragma once

#include <cstddef>

namespace virtcrypt::test {

// Bytes in use now, from the ordinary heap and for keys.
[[nodiscard]] std::size_t heap_bytes();

// Most that was in use above what was in use when this was made. One at a time.
class PeakHeap {
 public:
  PeakHeap();
  [[nodiscard]] std::size_t bytes() const;  // ordinary heap
  [[nodiscard]] std::size_t key_bytes() const;

 private:
  std::size_t before_;
  std::size_t key_before_;
};

}  // namespace virtcrypt::test
