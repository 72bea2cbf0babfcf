// What is measured: one algorithm with one key length, in one direction.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/crypto_requests.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::bench {

struct Subject {
  std::string service;  // CIPHER, HASH, MAC, AEAD
  std::string name;     // of the algorithm, with the key length if it has several: "AES-CBC 256"
  crypto::OperationKind kind = crypto::OperationKind::kEncrypt;
  std::size_t unit = 1;         // texts are a multiple of it
  std::size_t least_bytes = 0;  // and no shorter
  test::Bytes key, iv, aad;
  std::uint32_t tag_bytes = 0;     // AEAD
  std::uint32_t digest_bytes = 0;  // HASH, MAC
  std::uint32_t algorithm = 0;     // as the standard numbers it

  [[nodiscard]] std::string title() const;

  // The key span points into this object.
  [[nodiscard]] crypto::SessionParameters parameters() const;
  [[nodiscard]] test::Request create(test::Layout layout) const;
  [[nodiscard]] test::Request destroy(test::Layout layout, std::uint64_t session) const;
  // For the `input` of text().
  [[nodiscard]] test::Request request(const test::Target& target, std::span<const std::byte> input) const;

  // What an operation over `bytes` bytes is given: the text, or for AEAD's decryption what it was sealed to.
  [[nodiscard]] test::Bytes text(std::size_t bytes) const;
  [[nodiscard]] std::size_t result_bytes(std::size_t input_bytes) const;
};

// All that the driver's tables have, in both directions.
[[nodiscard]] std::vector<Subject> all_subjects();

}  // namespace virtcrypt::bench
