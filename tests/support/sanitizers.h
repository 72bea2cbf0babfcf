// Whether this build is instrumented: long tests do less then.
#pragma once

namespace virtcrypt::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace virtcrypt::test
