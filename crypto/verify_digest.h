// Digests that are compared instead of handed out.
#pragma once

#include <cstddef>
#include <span>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto {

// Takes the same time wherever the first difference lies.
[[nodiscard]] bool equal_in_constant_time(std::span<const std::byte> one, std::span<const std::byte> other);

// OperationKind::kVerifyDigest: has `engine` compute the digest, as long as the one expected, into memory of
// its own.
void verify_digest(const Engine& engine, Operation& operation);

}  // namespace virtcrypt::crypto
