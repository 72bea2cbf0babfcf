// What OpenSSL expects of single texts, put together from its primitives where it lacks a mode.
#pragma once

#include <cstddef>
#include <optional>

#include "tests/fuzz/differential/request.h"

namespace virtcrypt::fuzz {

// Of an operation that succeeds, what comes out; of one that fails, how.
struct Expected {
  crypto::Outcome outcome = crypto::Outcome::kOk;
  Bytes output;
};

// Nothing: no opinion.
using Expectation = std::optional<Expected>;

// True, false: whether a session with these parameters is to be had.
[[nodiscard]] std::optional<bool> accepts(const crypto::CipherParameters& parameters);
[[nodiscard]] std::optional<bool> accepts(const crypto::HashParameters& parameters);
[[nodiscard]] std::optional<bool> accepts(const crypto::NestedHashParameters& parameters);
[[nodiscard]] std::optional<bool> accepts(const crypto::MacParameters& parameters);
[[nodiscard]] std::optional<bool> accepts(const crypto::AeadParameters& parameters);

// Of sessions that are to be had. The rules for lengths are the standards', written down once more.
[[nodiscard]] Expectation ciphered(const crypto::CipherParameters& parameters, const Bytes& iv,
                                   const Bytes& text);
// `bytes` of a digest.
[[nodiscard]] Expectation digested(const crypto::HashParameters& parameters, const Bytes& text,
                                   std::size_t bytes);
[[nodiscard]] Expectation digested(const crypto::NestedHashParameters& parameters, const Bytes& text,
                                   std::size_t bytes);
[[nodiscard]] Expectation digested(const crypto::MacParameters& parameters, const Bytes& text,
                                   std::size_t bytes);
[[nodiscard]] Expectation sealed_or_opened(const crypto::AeadParameters& parameters, const Bytes& iv,
                                           const Bytes& aad, const Bytes& text);

}  // namespace virtcrypt::fuzz
