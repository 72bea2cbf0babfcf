// Lengths and contents of requests out of a fuzzer's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/driver/bytes.h"
#include "tests/fuzz/input.h"

namespace virtcrypt::fuzz {

// Bytes that look random, the same for the same seed.
[[nodiscard]] test::Bytes filling(std::size_t count, std::uint8_t seed);

// As a rule `right`; sometimes some bytes less or more.
[[nodiscard]] std::size_t nearly(Reader& bytes, std::size_t right);

// The same for an offset or a length of 32 bits on the wire, and less than 0 wraps: with another it may add
// up to something small.
[[nodiscard]] std::uint32_t nearly_field(Reader& bytes, std::uint32_t right);

// Of a text: as a rule some blocks behind `least`, sometimes anything up to 4 KiB.
[[nodiscard]] std::size_t text_length(Reader& bytes, std::size_t block, std::size_t least = 0);

template <typename Row>
[[nodiscard]] const Row& pick(Reader& bytes, std::span<const Row> rows) {
  return rows[bytes.u8() % rows.size()];
}

}  // namespace virtcrypt::fuzz
