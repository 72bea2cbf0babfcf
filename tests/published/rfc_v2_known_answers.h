// The published vectors as sessions and requests of the draft's dialect (docs/rfc-v2.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/driver/rfc_v2_requests.h"

namespace virtcrypt::test::rfc_v2 {

struct KnownAnswer {
  std::string algorithm;  // as in algorithm_rows.h, without the key's length; "nested ..." for nested hashes
  std::string what;       // direction or use, and where the vector stands
  Session session;
  Data data;  // without the session's id
  std::uint8_t status = kOk;
  Bytes result;  // what is written before the status; looked at whatever the status
};

// Ciphers: both directions. Hashes and MACs: whole, truncated, verified, and verified in vain. AEAD: both
// directions, and a spoiled tag. Vectors that the dialect cannot express (GCM with an IV that is not of 12
// bytes) are there as requests that are refused.
[[nodiscard]] std::vector<KnownAnswer> known_answers();

}  // namespace virtcrypt::test::rfc_v2
