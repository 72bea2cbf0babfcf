// A request through one engine by itself, every text in one piece.
#pragma once

#include <cstddef>
#include <optional>

#include "tests/fuzz/differential/request.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::fuzz {

// What a room holds before anything is written there.
constexpr std::byte kUnwritten{0xee};

// What an engine makes of a request. Of a session that was refused there is nothing else.
struct Answer {
  std::optional<crypto::Outcome> refused;
  crypto::Outcome outcome = crypto::Outcome::kFailed;
  std::size_t output_bytes = 0;
  Bytes output;  // the whole room
  Bytes digest;  // chains: the whole room for it
};

[[nodiscard]] Answer run_alone(const crypto::Engine& engine, const Request& request);

}  // namespace virtcrypt::fuzz
