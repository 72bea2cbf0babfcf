// Runs a transformation over scattered text, directly from segment to segment where that is possible.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <cryptopp/secblock.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto {

// Returns run(input), with a copy of the input where writing the first `bytes` bytes of the output would
// spoil what is still to be read of it.
template <typename Run>
auto with_unspoiled(InputSegments input, OutputSegments output, std::size_t bytes, const Run& run) {
  if (!aliases_shifted(input, output, bytes)) return run(input);
  const SecureBuffer copy = gather(input);
  const std::array<std::span<const std::byte>, 1> copied{copy.bytes()};
  return run(InputSegments(copied));
}

constexpr std::size_t kMaxUnitBytes = 16;

// Hands `bytes` bytes of the text to step(in, out, n) from the front, where n is a multiple of `unit` and
// in == out is possible. Runs of whole units go from segment to segment directly; a unit that is cut on
// either side, or is the partial last one (whose rest then is anything), takes the way over a buffer of our
// own.
template <typename Step>
void run_units(InputCursor& in, OutputCursor& out, std::size_t bytes, std::size_t unit, const Step& step) {
  CryptoPP::FixedSizeSecBlock<CryptoPP::byte, kMaxUnitBytes> bounce;
  std::fill(bounce.begin(), bounce.end(), CryptoPP::byte{0});
  while (bytes != 0) {
    const std::size_t direct = std::min({bytes, in.front().size(), out.front().size()}) / unit * unit;
    if (direct != 0) {
      step(octets(in.front()), octets(out.front()), direct);
      in.advance(direct);
      out.advance(direct);
      bytes -= direct;
    } else {
      const std::span<std::byte> piece =
          std::as_writable_bytes(std::span(bounce.data(), std::min(bytes, unit)));
      read(in, piece);
      step(bounce.data(), bounce.data(), unit);
      write(out, piece);
      bytes -= piece.size();
    }
  }
}

// The next `bytes` bytes in one piece: where they lie, or gathered into `copy`.
[[nodiscard]] inline std::span<const std::byte> in_one_piece(InputCursor& in, std::size_t bytes,
                                                             SecureBuffer& copy) {
  if (in.front().size() >= bytes) return in.front().first(bytes);
  copy = SecureBuffer(bytes);
  read(in, copy.bytes());
  return copy.bytes();
}

// Calls step(in, out), whose text is one piece on both sides, for transformations that know no segments.
// `in` == `out` is possible. True when step says so; otherwise there may be no output.
template <typename Step>
[[nodiscard]] bool run_in_one_piece(InputCursor in, OutputCursor out, std::size_t bytes, const Step& step) {
  SecureBuffer gathered;
  const CryptoPP::byte* const from = octets(in_one_piece(in, bytes, gathered));
  if (out.front().size() >= bytes) return step(from, octets(out.front()));
  SecureBuffer result(bytes);
  if (!step(from, octets(result.bytes()))) return false;
  write(out, result.bytes());
  return true;
}

}  // namespace virtcrypt::crypto
