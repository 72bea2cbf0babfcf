// Which sanitizer this build is instrumented with, as each compiler says it: 0 or 1.
#pragma once

#if defined(__has_feature)
#define VIRTCRYPT_HAS_FEATURE(feature) __has_feature(feature)
#else
#define VIRTCRYPT_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || VIRTCRYPT_HAS_FEATURE(address_sanitizer)
#define VIRTCRYPT_ASAN 1
#else
#define VIRTCRYPT_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || VIRTCRYPT_HAS_FEATURE(thread_sanitizer)
#define VIRTCRYPT_TSAN 1
#else
#define VIRTCRYPT_TSAN 0
#endif

namespace virtcrypt {

constexpr bool kAddressSanitized = VIRTCRYPT_ASAN != 0;
constexpr bool kSanitized = VIRTCRYPT_ASAN != 0 || VIRTCRYPT_TSAN != 0;

}  // namespace virtcrypt
