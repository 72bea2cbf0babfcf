// Requests out of a fuzzer's bytes: with right fields as a rule, so that they get deep, and then with some of
// them wrong.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/crypto_requests.h"
#include "tests/driver/request.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/operations.h"

namespace virtcrypt::fuzz {

// What a driver remembers between requests.
struct DriverState {
  test::Layout layout = test::Layout::kPadded;  // of requests with sessions
  bool stateless = false;                       // negotiated
  std::map<Service, std::vector<std::uint64_t>> sessions;
  test::Bytes last_output;  // of the last request that was answered OK
};

struct BuiltRequest {
  test::Request request;
  bool is_control = false;
  // Of what is created: where the session belongs.
  bool creates = false;
  Service service{};
  // Source and destination share memory, so that readable bytes may change.
  bool overlaps = false;
  test::Bytes source;     // of a data request
  std::uint8_t cut = 0;   // bytes that the end of the writable part lacks
  bool indirect = false;  // in a table of its own, where that was negotiated
  // Applied to the readable bytes once they lie in memory.
  struct Change {
    std::uint16_t offset;
    std::uint8_t mask;
  };
  std::vector<Change> changes;
  std::string text;  // for people
};

[[nodiscard]] BuiltRequest build_request(const Target& target, const DriverState& state, Reader& bytes);

}  // namespace virtcrypt::fuzz
