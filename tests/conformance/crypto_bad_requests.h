// Data requests on sessions that cannot be done, or make little sense.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/crypto_bench.h"
#include "tests/conformance/known_answers.h"

namespace virtcrypt::conformance {

struct BadRequest {
  std::string what;
  KnownAnswer known;  // for the session
  RawRequest raw;
};

// Service of a kind of request.
[[nodiscard]] std::uint32_t service_of(Kind kind);

// Whether the specification lists a status for the service's data requests.
[[nodiscard]] bool is_status_of(Kind kind, std::uint8_t status);

// The request itself, of raw parts.
[[nodiscard]] RawRequest well_formed(const KnownAnswer& known);

// Those whose only fitting status is ERR: the session is there, the operation is supported.
[[nodiscard]] std::vector<BadRequest> failing_requests(const CryptoBench& bench, Kind kind);

// Those, and others for which several statuses fit.
[[nodiscard]] std::vector<BadRequest> odd_requests(const CryptoBench& bench, Kind kind);

}  // namespace virtcrypt::conformance
