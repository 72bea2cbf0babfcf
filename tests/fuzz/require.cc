#include "tests/fuzz/require.h"

#include <cstdio>
#include <cstdlib>

namespace virtcrypt::fuzz {

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "virtcrypt fuzz: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace virtcrypt::fuzz
