// Algorithm chaining: a cipher and a hash or MAC over ranges of one text, in either order. Put together from
// two sessions of other engines; knows no algorithm.
#pragma once

#include <cstdint>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::chain {

// `engine` makes the two halves.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const Engine& engine,
                                                               const ChainParameters& parameters);

// ChainOutput::kImage: the output is an image of the input: the cipher's range is replaced, the rest copied.
// kCipherRange: the output is what replaces the cipher's range. What is longer is zeros. kHashThenCipher
// hashes the input, kCipherThenHash the image, at the hash range. A digest to verify is compared in constant
// time; with kHashThenCipher nothing is written when it is wrong. An operation that fails leaves its rooms as
// they were, or zeros in `output`.
void execute(const Engine& engine, Operation& operation);

[[nodiscard]] std::uint64_t estimated_ns(const Engine& engine, const Operation& operation);

}  // namespace virtcrypt::crypto::chain
