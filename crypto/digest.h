// What all hashes and MACs have in common: how much of a digest may be asked for, and handing it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/crypto/operation.h"

namespace virtcrypt::crypto {

// kOk when the operation asks for a digest of 1 to `most` bytes, where `most` is the smaller one of what the
// session and what the algorithm allows (decision A-22: never more, never none).
[[nodiscard]] Outcome check_digest(const Operation& operation, std::size_t session_bytes,
                                   std::size_t algorithm_bytes);

// Hands out as many of the first bytes of `digest` as `output` has room for. check_digest has said kOk.
void write_digest(Operation& operation, std::span<const std::byte> digest);

// Calls absorb(piece) with each piece of the text, in order.
template <typename Absorb>
void for_each_piece(InputSegments text, const Absorb& absorb) {
  for (const std::span<const std::byte>& piece : text) {
    if (!piece.empty()) absorb(piece);
  }
}

}  // namespace virtcrypt::crypto
