// One operation of the differential fuzzer: the session that it needs, its texts, and how they lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/input.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::fuzz {

using Bytes = std::vector<std::byte>;

enum class Placement : std::uint8_t {
  kApart,    // every piece a block of its own
  kInPlace,  // the output lies on the input
  kShifted,  // in one block, the output `shift` bytes behind the input
};

// Of text: lengths of its pieces; the last piece takes the rest.
struct MemoryLayout {
  Placement placement = Placement::kApart;
  int shift = 0;
  std::vector<std::size_t> input, output, aad, digest;
};

// Moves, but does not copy: the parameters point into `keys`, or into those of the request whose session is
// shared.
struct Request {
  Request() = default;
  Request(Request&&) = default;
  Request& operator=(Request&&) = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  crypto::SessionParameters parameters;
  std::vector<Bytes> keys;
  bool shares_session = false;  // with the request before it, whose parameters it has
  crypto::OperationKind kind = crypto::OperationKind::kEncrypt;
  Bytes input;
  Bytes aad;
  Bytes iv;
  Bytes digest;
  std::size_t room = 0;         // of the output, bytes
  std::size_t digest_room = 0;  // chains
  crypto::ChainRanges ranges;
  std::uint32_t tag_bytes = 0;
  MemoryLayout layout;
  // RSA: number in rsa_keys(). The key is that one as it is, unless it was altered.
  std::size_t key_number = 0;
  bool key_altered = false;
};

// Steps of an input that are looked at.
constexpr std::size_t kMostRequests = 8;

// Each step one request: its kind chooses the service, and 128 in it asks for the session of the step before.
// What has to be valid to be of interest (a ciphertext with its tag, a signature, a digest to be verified) is
// made with `engine`, and spoiled now and then.
[[nodiscard]] std::vector<Request> requests_of(const Input& input, const crypto::Engine& engine);

// "AES-CBC encrypt", for messages.
[[nodiscard]] std::string title_of(const Request& request);
// The title with all lengths and the layout, in one line.
[[nodiscard]] std::string describe(const Request& request);
[[nodiscard]] std::string_view outcome_name(crypto::Outcome outcome);

// Whether two executions may give different bytes: PKCS #1 encryption pads at random.
[[nodiscard]] bool is_randomized(const Request& request);

}  // namespace virtcrypt::fuzz
