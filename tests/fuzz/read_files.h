// The fuzzing targets of the files that the program reads.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace virtcrypt::fuzz {

// Of `virtcrypt run`, a bzImage or a PVH ELF: the first two bytes say how much of the rest is the initrd.
// What became of it, with the one line that a user sees. `data` may be anything.
[[nodiscard]] std::string load_kernel(std::span<const std::uint8_t> data);

// Of `virtcrypt vectors`, in NIST's and Wycheproof's forms: the first byte chooses the file's name.
[[nodiscard]] std::string parse_vectors(std::span<const std::uint8_t> data);

}  // namespace virtcrypt::fuzz
