// One cryptographic operation: scattered input, scattered output, parameters, and its outcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

enum class OperationKind : std::uint8_t {
  kEncrypt,
  kDecrypt,
  kDigest,        // HASH and MAC
  kVerifyDigest,  // HASH and MAC: compares the digest with Operation::digest; combined engines only
  kSign,
  kVerify,
};

enum class Outcome : std::uint8_t {
  kOk,
  kFailed,                // lengths, padding or values that the algorithm refuses
  kNotSupported,          // the session cannot do this kind of operation
  kAuthenticationFailed,  // AEAD decrypt: the tag does not match; a digest that was to be verified does not
  kSignatureInvalid,      // a well-formed verify whose signature does not match
};

using InputSegments = std::span<const std::span<const std::byte>>;
using OutputSegments = std::span<const std::span<std::byte>>;

// What the two halves of a chain work on: offsets into the input, in bytes. Both ranges lie within it.
struct ChainRanges {
  std::uint32_t cipher_offset = 0;
  std::uint32_t cipher_bytes = 0;
  std::uint32_t hash_offset = 0;
  std::uint32_t hash_bytes = 0;
};

// The segments usually lie in memory that a guest can change at any time: engines read every payload byte as
// if it changed between two reads, and take no decision from it that needs two reads to agree. Input and
// output may overlap. When they coincide byte for byte (in place) or do not meet at all, no copy is made.
struct Operation {
  // What is to be done; set by the caller and alive until the batch has been executed.
  const Session* session = nullptr;
  OperationKind kind = OperationKind::kEncrypt;
  // Text. kSign: the digest; kVerify: the signature; AEAD decrypt: ciphertext and behind it the tag.
  InputSegments input;
  // Room for the result, at least as long as it. AEAD encrypt: ciphertext and behind it the tag. kDigest: as
  // long as the digest is wanted, shorter means truncated to its first bytes. Untouched by kVerify.
  OutputSegments output;
  InputSegments aad;              // AEAD; chains with a MAC: fed to it before the range
  OutputSegments digest_output;   // chains: as `output` of kDigest
  ChainRanges ranges;             // chains
  std::span<const std::byte> iv;  // exactly the algorithm's IV length; not guest memory
  // kVerify: the digest that was signed. kVerifyDigest: what the digest has to be, possibly truncated; the
  // same for chains, which give out no digest then. Not guest memory.
  std::span<const std::byte> digest;
  std::uint32_t tag_bytes = 0;  // AEAD: 0, or the session's

  // Result; set by the engine.
  Outcome outcome = Outcome::kFailed;
  // Bytes of `output` that hold the result, from its front. Chains fill all of `output` (behind the text with
  // zeros) and all of `digest_output`, and count both.
  std::size_t output_bytes = 0;
};

}  // namespace virtcrypt::crypto
