// OpenSSL as the judge of the engines' answers.
#pragma once

#include "tests/fuzz/differential/run.h"

namespace virtcrypt::fuzz {

// Its opinion follows from the standards, VIRTIO's rules and OpenSSL's results alone. None where OpenSSL has
// no such algorithm (3GPP's, GMAC with Twofish, GCM from a given J0) or has other limits; then the engines
// are compared with each other only.
[[nodiscard]] Judgement judged_by_openssl(const Request& request, const Answer& answer);

}  // namespace virtcrypt::fuzz
