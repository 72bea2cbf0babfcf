// Requests of the standard dialect whose answers are published, for every service.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/crypto_requests.h"

namespace virtcrypt::conformance {

// Numbers of the services (VIRTIO 1.4, 5.9.3).
namespace service {
constexpr std::uint32_t kCipher = 0, kHash = 1, kMac = 2, kAead = 3, kAkcipher = 4, kIpsec = 5;
}

// Which structures a request has. Chains belong to the service CIPHER.
enum class Kind : std::uint8_t { kCipher, kHash, kMac, kAead, kAkcipher, kChain };

struct KnownAnswer {
  Kind kind = Kind::kCipher;
  std::uint32_t algorithm = 0;
  std::string what;        // algorithm, and where its answer was published
  bool is_settled = true;  // else the specification leaves open how the algorithm is used
  std::uint32_t opcode = 0;
  std::uint32_t op = test::wire_number::kEncrypt;  // direction
  test::Bytes key, iv, source, aad;
  test::Bytes result;  // what comes before the status

  std::uint32_t tag_bytes = 0;  // AEAD
  // AKCIPHER; a request to verify has a digest, and the signature for its source.
  std::uint32_t key_type = 0, padding = 0, hash = 0, curve = 0;
  test::Bytes digest;
  // Chains: result ends with the digest; the rest of `source` is what is hashed.
  std::uint32_t order = 0, hash_mode = 0, hash_algorithm = 0;
  test::Bytes auth_key;
  std::uint32_t cipher_bytes = 0, hash_start = 0, hash_bytes = 0, digest_bytes = 0;

  [[nodiscard]] std::uint32_t service() const;
  [[nodiscard]] std::size_t room() const { return result.size() - digest_bytes; }  // dst_data_len
  // With `layout` kStateless there is nothing to create.
  [[nodiscard]] test::Request create(test::Layout layout) const;
  [[nodiscard]] test::Request request(const test::Target& target) const;
};

// All that are known, of algorithms in the order of their numbers.
[[nodiscard]] const std::vector<KnownAnswer>& known_answers(Kind kind);

// Opcodes of a service's control requests (5.9.9.2).
[[nodiscard]] std::uint32_t create_opcode(std::uint32_t service);
[[nodiscard]] std::uint32_t destroy_opcode(std::uint32_t service);

// The fixed part that a data request on a session has, for these lengths instead of the true ones.
[[nodiscard]] test::Wire session_fixed_part(const KnownAnswer& known, std::size_t source_bytes,
                                            std::size_t room);
// A data request in a session layout, of parts that need not fit together.
struct RawRequest {
  std::uint32_t opcode = 0;
  test::Wire fixed = {};
  test::Bytes variable = {};       // readable, behind the fixed part
  std::size_t writable_bytes = 0;  // before the status
};
[[nodiscard]] test::Request data_request(const test::Target& target, const RawRequest& raw);
[[nodiscard]] test::Bytes joined(std::initializer_list<test::Bytes> parts);

}  // namespace virtcrypt::conformance
