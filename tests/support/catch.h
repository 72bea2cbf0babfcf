// The one place that includes Catch2: version 2 (Debian 12) and 3 (Debian 13) differ in their headers.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>
#endif

#include <string>

namespace virtcrypt::test {

// Matches a text that has `part` in it; version 3 gave the matcher another name.
inline auto contains_text(const std::string& part) {
#if __has_include(<catch2/catch_all.hpp>)
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Matchers::Contains(part);
#endif
}

}  // namespace virtcrypt::test
