// Clears what algorithms leave behind in this thread: spilled registers and working blocks with keys in them,
// on the stack below the caller, and in vector registers.
#pragma once

#include <cstddef>

namespace virtcrypt::crypto {

// How deep they go below their engine, at most: measured, and twice that.
constexpr std::size_t kSymmetricStackBytes = 8192;
constexpr std::size_t kDeepStackBytes = 32768;  // AKCIPHER with its long integers

// Clears `bytes`, at most kDeepStackBytes, below the frame of the caller.
void wipe_stack(std::size_t bytes);

// Does so when the scope is left, in whatever way.
class StackWipe {
 public:
  explicit StackWipe(std::size_t bytes) : bytes_(bytes) {}
  ~StackWipe() { wipe_stack(bytes_); }
  StackWipe(const StackWipe&) = delete;
  StackWipe& operator=(const StackWipe&) = delete;

 private:
  std::size_t bytes_;
};

}  // namespace virtcrypt::crypto
