// What a dialect keeps of a session beside the session itself.
#pragma once

#include <cstdint>

#include "virtcrypt/crypto/operation.h"

namespace virtcrypt::devices::crypto_dev {

// For a dialect whose data requests do not say it themselves: what is done on the session, and how requests
// have to look. Written by the dialect that creates the session, read by it alone.
struct SessionNote {
  crypto::OperationKind kind = crypto::OperationKind::kEncrypt;
  std::uint32_t digest_bytes = 0;   // of the digest or tag
  std::uint32_t max_aad_bytes = 0;  // 0: no limit
  std::uint16_t least_iv_bytes = 0;
  std::uint16_t most_iv_bytes = 0;
  std::uint16_t block_bytes = 1;  // text for the cipher is a multiple of it
  std::uint16_t least_text_bytes = 0;
  bool takes_aad = false;
  bool verifies = false;  // the digest is compared, not handed out
};

}  // namespace virtcrypt::devices::crypto_dev
