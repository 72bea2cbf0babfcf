#include "virtcrypt/crypto/scatter.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace virtcrypt::crypto {
namespace {

// Up to this many pairs (32 by 32 segments, the longest scatter list of a 128 KiB request in 4 KiB pages)
// comparing each with each costs about a microsecond and needs no memory; beyond it sorting wins.
constexpr std::size_t kPairwiseLimit = 1024;

// A segment as an address range. Two ranges are in place with each other exactly when address minus stream
// offset is the same for both.
struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::uintptr_t displacement = 0;  // begin minus offset in the stream, modulo 2^64
};

// Calls visit(range) for every non-empty segment among the first `bytes` bytes, until one returns true.
template <typename Byte, typename Visit>
bool any_range(std::span<const std::span<Byte>> segments, std::size_t bytes, const Visit& visit) {
  std::size_t offset = 0;
  for (const std::span<Byte>& segment : segments) {
    if (offset == bytes) break;
    const std::size_t length = std::min(segment.size(), bytes - offset);
    const auto begin = reinterpret_cast<std::uintptr_t>(segment.data());
    if (length != 0 && visit(Range{begin, begin + length, begin - offset})) return true;
    offset += length;
  }
  return false;
}

template <typename Byte>
Range bounds(std::span<const std::span<Byte>> segments, std::size_t bytes) {
  Range all{std::numeric_limits<std::uintptr_t>::max(), 0, 0};
  any_range(segments, bytes, [&all](const Range& range) {
    all.begin = std::min(all.begin, range.begin);
    all.end = std::max(all.end, range.end);
    return false;
  });
  return all;
}

bool meet(const Range& a, const Range& b) {
  return a.begin < b.end && b.begin < a.end;
}

bool aliases_pairwise(InputSegments input, OutputSegments output, std::size_t bytes) {
  return any_range(input, bytes, [&](const Range& in) {
    return any_range(output, bytes, [&in](const Range& out) {
      return in.displacement != out.displacement && meet(in, out);
    });
  });
}

// The ranges of one list that a sweep over rising addresses has begun and may still be inside of. Of those
// that share a displacement only the farthest end matters, and two displacements are enough: whatever
// displacement the other list asks about, one of the two farthest differs from it.
class OpenRanges {
 public:
  void add(const Range& range) {
    if (range.displacement == farthest_.displacement || farthest_.end == 0) {
      if (range.end > farthest_.end) farthest_ = range;
    } else if (range.end > farthest_.end) {
      second_ = farthest_;
      farthest_ = range;
    } else if (range.end > second_.end) {
      second_ = range;
    }
  }

  [[nodiscard]] bool reaches_into(const Range& range) const {
    const Range& candidate = farthest_.displacement != range.displacement ? farthest_ : second_;
    return candidate.end > range.begin;
  }

 private:
  Range farthest_;
  Range second_;  // of another displacement than farthest_
};

bool aliases_sorted(InputSegments input, OutputSegments output, std::size_t bytes) {
  struct Tagged {
    Range range;
    bool is_output;
  };
  std::vector<Tagged> ranges;
  ranges.reserve(input.size() + output.size());
  const auto collect = [&ranges](bool is_output) {
    return [&ranges, is_output](const Range& range) {
      ranges.push_back({range, is_output});
      return false;
    };
  };
  any_range(input, bytes, collect(false));
  any_range(output, bytes, collect(true));
  std::sort(ranges.begin(), ranges.end(),
            [](const Tagged& a, const Tagged& b) { return a.range.begin < b.range.begin; });
  OpenRanges open_input;
  OpenRanges open_output;
  for (const Tagged& next : ranges) {
    if ((next.is_output ? open_input : open_output).reaches_into(next.range)) return true;
    (next.is_output ? open_output : open_input).add(next.range);
  }
  return false;
}

}  // namespace

void read(InputCursor& from, std::span<std::byte> to) {
  while (!to.empty()) {
    const std::size_t length = std::min(to.size(), from.front().size());
    std::memcpy(to.data(), from.front().data(), length);
    from.advance(length);
    to = to.subspan(length);
  }
}

void write(OutputCursor& to, std::span<const std::byte> from) {
  while (!from.empty()) {
    const std::size_t length = std::min(from.size(), to.front().size());
    std::memcpy(to.front().data(), from.data(), length);
    to.advance(length);
    from = from.subspan(length);
  }
}

SecureBuffer gather(InputSegments segments) {
  SecureBuffer buffer(total_bytes(segments));
  InputCursor cursor(segments);
  read(cursor, buffer.bytes());
  return buffer;
}

bool aliases_shifted(InputSegments input, OutputSegments output, std::size_t bytes) {
  if (bytes == 0 || !meet(bounds(input, bytes), bounds(output, bytes))) return false;
  if (input.size() <= kPairwiseLimit / std::max<std::size_t>(output.size(), 1)) {
    return aliases_pairwise(input, output, bytes);
  }
  return aliases_sorted(input, output, bytes);
}

}  // namespace virtcrypt::crypto
