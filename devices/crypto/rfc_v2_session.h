// Sessions of the draft: the fields that create one, on the control queue and in a data request alike.
#pragma once

#include "virtcrypt/crypto/expected.h"
#include "virtcrypt/crypto/secure_buffer.h"
#include "virtcrypt/crypto/session.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {

struct ParsedSession {
  crypto::SessionParameters parameters;  // key spans point into the storage
  SessionNote note;
};

// Reads the session's fields and what follows them of keys or prefixes, these into `storage`. Everything that
// the capabilities and limits say is checked; the error is the field that is wrong.
[[nodiscard]] crypto::Expected<ParsedSession, Refusal> parse_session(virtio::ReadCursor& reader,
                                                                     const Terms& terms,
                                                                     crypto::SecureBuffer& storage);

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
