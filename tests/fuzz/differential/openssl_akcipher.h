// OpenSSL's opinion of RSA and ECDSA.
#pragma once

#include "tests/fuzz/differential/run.h"

namespace virtcrypt::fuzz {

// Of requests with one of the keys of keys.h as it is. None of keys that were altered: OpenSSL takes numbers
// that are no key.
[[nodiscard]] Judgement judged_akcipher(const Request& request, const Answer& answer);

}  // namespace virtcrypt::fuzz
