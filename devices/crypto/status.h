// Outcome of a request, before a dialect gives it a number on the wire.
#pragma once

#include <cstdint>
#include <string_view>

#include "virtcrypt/crypto/operation.h"

namespace virtcrypt::devices::crypto_dev {

// Named after the statuses of VIRTIO 1.4, 5.9.9; each dialect maps them to its own.
enum class RequestStatus : std::uint8_t {
  kOk,
  kError,           // every failure without a status of its own
  kNotSupported,    // unknown or not offered: service, operation, algorithm, mode
  kBadMessage,      // AEAD decrypt: the tag does not match
  kInvalidSession,  // data request on a session that does not exist or belongs to another service
  kNoSpace,         // create session: all sessions taken
  kKeyRejected,     // signature verification failed
};

// As the standard names them, in words.
[[nodiscard]] constexpr std::string_view name_of(RequestStatus status) {
  switch (status) {
    case RequestStatus::kOk:
      return "done";
    case RequestStatus::kError:
      return "refused";
    case RequestStatus::kNotSupported:
      return "not supported";
    case RequestStatus::kBadMessage:
      return "verification failed";
    case RequestStatus::kInvalidSession:
      return "no such session";
    case RequestStatus::kNoSpace:
      return "no space for another session";
    case RequestStatus::kKeyRejected:
      return "signature rejected";
  }
  return "refused";
}

[[nodiscard]] constexpr RequestStatus to_status(crypto::Outcome outcome) {
  switch (outcome) {
    case crypto::Outcome::kOk:
      return RequestStatus::kOk;
    case crypto::Outcome::kFailed:
      return RequestStatus::kError;
    case crypto::Outcome::kNotSupported:
      return RequestStatus::kNotSupported;
    case crypto::Outcome::kAuthenticationFailed:
      return RequestStatus::kBadMessage;
    case crypto::Outcome::kSignatureInvalid:
      return RequestStatus::kKeyRejected;
  }
  return RequestStatus::kError;
}

}  // namespace virtcrypt::devices::crypto_dev
