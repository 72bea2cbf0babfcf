#include "virtcrypt/crypto/session_cost.h"

#include "virtcrypt/crypto/stack_wipe.h"

namespace virtcrypt::crypto {

std::uint64_t estimated_creation_ns(const SessionParameters& parameters) {
  constexpr std::uint64_t kEcdsaNs = 250'000;
  if (std::holds_alternative<EcdsaParameters>(parameters)) return kEcdsaNs;
  const auto* const rsa = std::get_if<RsaParameters>(&parameters);
  return rsa == nullptr ? 0 : rsa->key.size() * rsa->key.size() / 8;
}

std::size_t creation_stack_bytes(const SessionParameters& parameters) {
  const bool is_akcipher = std::holds_alternative<RsaParameters>(parameters) ||
                           std::holds_alternative<EcdsaParameters>(parameters);
  return is_akcipher ? kDeepStackBytes : kSymmetricStackBytes;
}

}  // namespace virtcrypt::crypto
