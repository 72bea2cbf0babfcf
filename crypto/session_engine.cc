#include "virtcrypt/crypto/session_engine.h"

#include <cryptopp/cryptlib.h>

#include "virtcrypt/crypto/engine_session.h"

namespace virtcrypt::crypto {
namespace {

const EngineSession& session_of(const Operation& operation) {
  return static_cast<const EngineSession&>(*operation.session);
}

// Here and in create_session Crypto++'s exceptions end.
Outcome execute_one(Operation& operation) {
  operation.output_bytes = 0;
  try {
    return session_of(operation).execute(operation);
  } catch (const CryptoPP::Exception&) {
    return Outcome::kFailed;
  }
}

}  // namespace

Expected<SessionPointer, Outcome> SessionEngine::create_session(const SessionParameters& parameters) const {
  try {
    return create(parameters);
  } catch (const CryptoPP::Exception&) {
    return Unexpected<Outcome>(Outcome::kFailed);
  }
}

void SessionEngine::execute(std::span<Operation> batch) const {
  for (Operation& operation : batch) {
    operation.outcome = execute_one(operation);
  }
}

std::uint64_t SessionEngine::estimated_ns(const Operation& operation) const {
  return session_of(operation).estimated_ns(operation);
}

}  // namespace virtcrypt::crypto
