// What an engine does by itself: the ceiling of a device that uses it.
#pragma once

#include <chrono>
#include <cstddef>

#include "tests/bench/subject.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::bench {

// Operations a second of one thread: batches of `depth` operations over texts of `bytes` bytes, each with
// memory of its own. 0 when the engine does not have the algorithm.
[[nodiscard]] double raw_speed(const crypto::Engine& engine, const Subject& subject, std::size_t bytes,
                               std::size_t depth, std::chrono::milliseconds time);

// Sessions a second that one thread creates and drops.
[[nodiscard]] double raw_session_speed(const crypto::Engine& engine, const Subject& subject,
                                       std::chrono::milliseconds time);

}  // namespace virtcrypt::bench
