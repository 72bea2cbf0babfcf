// One request for every algorithm, direction and key length of the standard device: the set that rings,
// features, layouts and scatter lists are compared with.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/driver/algorithm_rows.h"
#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"

namespace virtcrypt::test {

// Something to have done, in whatever layout.
struct Work {
  std::string name;
  std::uint32_t destroy_opcode = 0;
  Bytes source;
  std::size_t room = 0;  // writable bytes before the status
  std::function<Request(Layout)> create;
  std::function<Request(const Target&)> request;
};

// What a work was made with.
struct Parts {
  Bytes key;
  Bytes iv;
  Bytes aad;
};

// Random bytes that repeat with the seed.
[[nodiscard]] Bytes random_bytes(std::mt19937_64& random, std::size_t count);

// With random keys, IVs and texts; `parts` tells which.
[[nodiscard]] Work cipher_work(const CipherRow& row, std::uint32_t op, std::size_t bytes,
                               std::mt19937_64& random, Parts* parts = nullptr);
[[nodiscard]] Work hash_work(const HashRow& row, std::size_t bytes, std::mt19937_64& random);
[[nodiscard]] Work mac_work(const MacRow& row, std::size_t bytes, std::mt19937_64& random,
                            Parts* parts = nullptr);
[[nodiscard]] Work aead_work(const AeadRow& row, std::size_t bytes, std::size_t aad_bytes,
                             std::mt19937_64& random, Parts* parts = nullptr);

// With given ones.
[[nodiscard]] Work cipher_work(const CipherRow& row, std::uint32_t op, const Parts& parts,
                               const Bytes& source);
[[nodiscard]] Work aead_open_work(const AeadRow& row, const Parts& parts, const Bytes& sealed);

// All of them, about 50 bytes of text each; chains and asymmetric ones too.
[[nodiscard]] std::vector<Work> request_set(std::uint64_t seed);

// How a request lies in memory and on the ring.
struct Shape {
  std::size_t chunk = 0;  // bytes a descriptor, 0: one descriptor a part
  bool indirect = false;
  bool overlap = false;
  std::ptrdiff_t shift = 0;
};

struct Result {
  std::uint32_t created = 0;  // status of the create request; 0 without one
  std::uint8_t status = 0xFF;
  std::uint32_t used_length = 0;
  Bytes output;  // all before the status
  friend bool operator==(const Result&, const Result&) = default;
};

// Creates a session where the layout has one, sends the request, destroys the session.
[[nodiscard]] Result perform(CryptoDriver& driver, Layout layout, const Work& work, const Shape& shape = {});

// Driver features that each layout needs.
[[nodiscard]] std::uint64_t features_of(Layout layout);

}  // namespace virtcrypt::test
