// A file of test vectors, whatever its form.
#pragma once

#include <string>
#include <string_view>

#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

// Files beyond this are refused; the longest of NIST's has 5 MiB.
constexpr std::size_t kMostFileBytes = std::size_t{256} << 20;

// Throws ParseError, with line 0 when the file cannot be read or nothing in it is recognized.
[[nodiscard]] VectorFile read_vector_file(const std::string& path);

// The same for content at hand; the path says what its last parts say about the algorithm.
[[nodiscard]] VectorFile parse_vector_file(std::string_view path, std::string_view content);

}  // namespace virtcrypt::vectors
