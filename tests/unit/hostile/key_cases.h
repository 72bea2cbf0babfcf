// A session and a request for every algorithm with a key, whose keys the driver writes into guest memory
// only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/unit/hostile/secret.h"

namespace virtcrypt::test {

struct KeyCase {
  SecretKind kind;
  std::uint32_t destroy_opcode = 0;
  // With the key as it is given; `text` bytes of source.
  std::function<Request(Layout, const Bytes& key)> create;
  std::function<Request(const Target&, const Bytes& key, std::size_t text)> request;
};

// What all requests are about: the same text that repeats nowhere, as much of it as is wanted. As a number it
// is small.
[[nodiscard]] Bytes text_of(std::size_t bytes);

// Every cipher, MAC and AEAD with every key length, both ways; RSA and ECDSA.
[[nodiscard]] std::vector<KeyCase> key_cases();
[[nodiscard]] Secrets secrets_of(std::span<const KeyCase> cases);

// The same of the draft, as far as it has them.
struct DraftCase {
  SecretKind kind;
  std::function<rfc_v2::Session(const Bytes& key)> session;
  std::size_t iv_bytes = 0;
  std::size_t digest_bytes = 0;
  bool has_output = true;
};
[[nodiscard]] std::vector<DraftCase> draft_cases();
[[nodiscard]] Secrets secrets_of(std::span<const DraftCase> cases);

// Requests whose sealed bytes become a key when they are in guest memory, and nowhere else.
class SealedCalls {
 public:
  explicit SealedCalls(CryptoDriver& driver) : driver_(&driver), mark_(driver.memory().mark()) {}

  // Puts the request on the ring and notifies.
  std::uint16_t submit(std::uint16_t queue, const Request& request, const Bytes& sealed);
  // Waits for what was submitted last; returns the writable bytes of it.
  Bytes wait(std::uint16_t queue);
  Bytes call(std::uint16_t queue, const Request& request, const Bytes& sealed) {
    submit(queue, request, sealed);
    return wait(queue);
  }

 private:
  CryptoDriver* driver_;
  std::size_t mark_;  // of memory that requests may use
  std::vector<Segment> last_;
};

}  // namespace virtcrypt::test
