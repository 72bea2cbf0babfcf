// Looks for keys in all that this process can write to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/hostile/secret.h"

namespace virtcrypt::test {

struct Hit {
  std::uintptr_t address;
  std::uint32_t secret;
  bool expanded;
  bool dumped;        // the page would be in a core dump
  std::string place;  // name of the mapping
};

// Every page that is there, but those of `left_out` and the scanner's own. Threads go on meanwhile.
[[nodiscard]] std::vector<Hit> scan_memory(const Secrets& secrets,
                                           std::span<const std::span<std::byte>> left_out);

// For messages: which secrets were found where, and how often.
[[nodiscard]] std::string describe(const Secrets& secrets, std::span<const Hit> hits);

}  // namespace virtcrypt::test
