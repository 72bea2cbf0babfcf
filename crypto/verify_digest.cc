#include "virtcrypt/crypto/verify_digest.h"

#include <array>

#include <cryptopp/misc.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto {

bool equal_in_constant_time(std::span<const std::byte> one, std::span<const std::byte> other) {
  return one.size() == other.size() &&
         (one.empty() || CryptoPP::VerifyBufsEqual(octets(one), octets(other), one.size()));
}

void verify_digest(const Engine& engine, Operation& operation) {
  SecureBuffer digest(operation.digest.size());
  const std::array<std::span<std::byte>, 1> room{digest.bytes()};
  Operation compute = operation;
  compute.kind = OperationKind::kDigest;
  compute.output = room;
  compute.digest = {};
  engine.execute(std::span(&compute, 1));
  operation.output_bytes = 0;
  operation.outcome = compute.outcome;
  if (compute.outcome == Outcome::kOk && !equal_in_constant_time(digest.bytes(), operation.digest))
    operation.outcome = Outcome::kAuthenticationFailed;
}

}  // namespace virtcrypt::crypto
