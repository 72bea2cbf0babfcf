// One cryptographic operation: scattered input, scattered output, parameters, and its outcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/crypto/session.h"

namespace virtcrypt::crypto {

enum class OperationKind : std::uint8_t { kEncrypt, kDecrypt, kSign, kVerify };

enum class Outcome : std::uint8_t {
  kOk,
  kFailed,            // lengths, padding or values that the algorithm refuses
  kNotSupported,      // the session cannot do this kind of operation
  kSignatureInvalid,  // a well-formed verify whose signature does not match
};

using InputSegments = std::span<const std::span<const std::byte>>;
using OutputSegments = std::span<const std::span<std::byte>>;

// The segments usually lie in memory that a guest can change at any time: engines read every payload byte as
// if it changed between two reads, and take no decision from it that needs two reads to agree. Input and
// output may overlap. When they coincide byte for byte (in place) or do not meet at all, no copy is made.
struct Operation {
  // What is to be done; set by the caller and alive until the batch has been executed.
  const Session* session = nullptr;
  OperationKind kind = OperationKind::kEncrypt;
  InputSegments input;                // text; for kSign the digest, for kVerify the signature
  OutputSegments output;              // room for the result, at least as long as it; untouched by kVerify
  std::span<const std::byte> iv;      // exactly the algorithm's IV length; not guest memory
  std::span<const std::byte> digest;  // kVerify: the digest that was signed; not guest memory

  // Result; set by the engine.
  Outcome outcome = Outcome::kFailed;
  std::size_t output_bytes = 0;  // bytes of `output` that hold the result, from its front
};

}  // namespace virtcrypt::crypto
