// Scattered text seen as one stream of bytes: cursors, copies, and the question whether two lists alias each
// other. Used by the engines only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto {

// Sum of the segments' lengths.
template <typename Byte>
[[nodiscard]] std::size_t sum_of(std::span<const std::span<Byte>> segments) {
  std::size_t bytes = 0;
  for (const std::span<Byte>& segment : segments)
    bytes += segment.size();
  return bytes;
}
[[nodiscard]] inline std::size_t total_bytes(InputSegments segments) {
  return sum_of(segments);
}
[[nodiscard]] inline std::size_t total_bytes(OutputSegments segments) {
  return sum_of(segments);
}

// Walks a list from its front; empty segments are passed over. `Byte` is std::byte or const std::byte.
// The caller knows how many bytes there are and never asks for more.
template <typename Byte>
class SegmentCursor {
 public:
  explicit SegmentCursor(std::span<const std::span<Byte>> segments) : segments_(segments) { skip_empty(); }

  // What is left of the current segment: empty only at the end of the list.
  [[nodiscard]] std::span<Byte> front() const {
    return segments_.empty() ? std::span<Byte>() : segments_.front().subspan(offset_);
  }

  // Passes `bytes` bytes of front().
  void advance(std::size_t bytes) {
    offset_ += bytes;
    skip_empty();
  }

 private:
  void skip_empty() {
    while (!segments_.empty() && offset_ == segments_.front().size()) {
      segments_ = segments_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const std::span<Byte>> segments_;
  std::size_t offset_ = 0;
};

using InputCursor = SegmentCursor<const std::byte>;
using OutputCursor = SegmentCursor<std::byte>;

// Fills `to` from the cursor, which holds at least as much.
void read(InputCursor& from, std::span<std::byte> to);

// Hands all of `from` to the cursor, which has room for it.
void write(OutputCursor& to, std::span<const std::byte> from);

// The whole list in one buffer of our own, each byte read once.
[[nodiscard]] SecureBuffer gather(InputSegments segments);

// True when some byte among the first `bytes` of the input lies at the address of a byte at *another* offset
// among the first `bytes` of the output. Then writing the output spoils input that is still to be read, and
// the input has to be copied first. Lists that coincide byte for byte (in place), however each is cut, and
// lists that do not meet, answer false. Cost: O(n + m) when the lists lie apart, n * m comparisons for short
// lists, O((n + m) log(n + m)) for long ones.
[[nodiscard]] bool aliases_shifted(InputSegments input, OutputSegments output, std::size_t bytes);

}  // namespace virtcrypt::crypto
