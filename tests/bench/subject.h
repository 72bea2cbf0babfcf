// What is measured: one algorithm with one key length, in one direction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/crypto_requests.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::bench {

// What a chain is beside its cipher. Both halves work on the whole text.
struct ChainPart {
  crypto::ChainOrder order;
  crypto::CipherAlgorithm cipher;
  std::variant<crypto::HashAlgorithm, crypto::MacAlgorithm> hash;
  std::uint32_t hash_number;  // as the standard numbers it
  test::Bytes mac_key;
};

// Keys of one algorithm, and what is signed or enciphered with them: texts have the length that they have.
struct AsymmetricPart {
  std::variant<crypto::RsaPadding, crypto::Curve> scheme;  // RSA (PKCS#1 with SHA-256), ECDSA
  test::Bytes private_key, public_key;
  test::Bytes plain;          // a digest, or what is enciphered
  std::size_t longest_bytes;  // of a result
};

struct Subject {
  std::string service;  // CIPHER, HASH, MAC, AEAD, CHAIN, AKCIPHER
  std::string name;     // of the algorithm, with the key length if it has several: "AES-CBC 256"
  crypto::OperationKind kind = crypto::OperationKind::kEncrypt;
  std::size_t unit = 1;         // texts are a multiple of it
  std::size_t least_bytes = 0;  // and no shorter
  test::Bytes key, iv, aad;
  std::uint32_t tag_bytes = 0;     // AEAD
  std::uint32_t digest_bytes = 0;  // HASH, MAC, CHAIN
  std::uint32_t algorithm = 0;     // as the standard numbers it; CHAIN: of the cipher
  std::optional<ChainPart> chain{};
  std::optional<AsymmetricPart> asymmetric{};

  [[nodiscard]] std::string title() const;

  // The key span points into this object.
  [[nodiscard]] crypto::SessionParameters parameters() const;
  [[nodiscard]] test::Request create(test::Layout layout) const;
  [[nodiscard]] test::Request destroy(test::Layout layout, std::uint64_t session) const;
  // For the `input` of text().
  [[nodiscard]] test::Request request(const test::Target& target, std::span<const std::byte> input) const;

  // What an operation over `bytes` bytes is given: the text, or for AEAD's decryption what it was sealed to.
  // AKCIPHER, whatever `bytes` is: what is signed or enciphered, to decrypt and verify what comes of it.
  [[nodiscard]] test::Bytes text(std::size_t bytes) const;
  // Of the longest result; a chain's digest is the end of its result.
  [[nodiscard]] std::size_t result_bytes(std::size_t input_bytes) const;
  // The signed digest that goes with the signature of a verification.
  [[nodiscard]] std::span<const std::byte> verified_digest() const;
};

// `count` bytes that differ, the first of them `start`.
[[nodiscard]] test::Bytes pattern(std::size_t count, unsigned start);

// All that the driver's tables have, in both directions, chains and asymmetric algorithms.
[[nodiscard]] std::vector<Subject> all_subjects();

}  // namespace virtcrypt::bench
