#include "virtcrypt/devices/crypto/parts.h"

#include <optional>
#include <utility>

#include "virtcrypt/crypto/session_cost.h"
#include "virtcrypt/crypto/stack_wipe.h"

namespace virtcrypt::devices::crypto_dev {

crypto::Expected<std::uint64_t, RequestStatus> open_session(const DeviceParts& parts, std::string_view queue,
                                                            const crypto::SessionParameters& parameters,
                                                            const SessionNote& note) {
  const crypto::StackWipe wipe(crypto::creation_stack_bytes(parameters));
  auto session = try_create_session(parts, queue, parameters);
  if (!session) return crypto::Unexpected<RequestStatus>(to_status(session.error()));
  const std::optional<std::uint64_t> id = parts.sessions.add(std::move(*session), note);
  if (!id) return crypto::Unexpected<RequestStatus>(RequestStatus::kNoSpace);
  return *id;
}

}  // namespace virtcrypt::devices::crypto_dev
