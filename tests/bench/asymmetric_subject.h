// Subjects of service AKCIPHER: RSA and ECDSA.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tests/bench/subject.h"

namespace virtcrypt::bench {

void add_asymmetric(std::vector<Subject>& subjects);

// Of a subject that is asymmetric.
[[nodiscard]] crypto::SessionParameters asymmetric_parameters(const Subject& subject);
[[nodiscard]] test::Request create_asymmetric(const Subject& subject, test::Layout layout);
[[nodiscard]] test::Request request_asymmetric(const Subject& subject, const test::Target& target,
                                               std::span<const std::byte> input);
[[nodiscard]] test::Bytes asymmetric_text(const Subject& subject, const crypto::Engine& engine);

// What tells whether a result is right where results may differ from time to time, or are signatures: the
// operation that verifies or decrypts it. None for others.
[[nodiscard]] std::optional<Subject> inverse_of(const Subject& subject);

// Whether each result is the same.
[[nodiscard]] bool is_deterministic(const Subject& subject);

}  // namespace virtcrypt::bench
