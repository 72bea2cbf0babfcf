// Nested hashing: a hash of a prefix and the digest of another prefix and the text. Put together from two
// sessions of other engines; knows no algorithm.
#pragma once

#include <cstdint>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::nested_hash {

// `engine` makes the two hashes. The prefixes are kept like keys.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const Engine& engine,
                                                               const NestedHashParameters& parameters);

// As kDigest of a plain hash.
void execute(const Engine& engine, Operation& operation);

[[nodiscard]] std::uint64_t estimated_ns(const Engine& engine, const Operation& operation);

}  // namespace virtcrypt::crypto::nested_hash
