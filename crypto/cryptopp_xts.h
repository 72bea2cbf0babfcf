// AES-XTS (SP 800-38E, IEEE 1619-2007) with ciphertext stealing, on Crypto++'s AES.
#pragma once

#include "virtcrypt/crypto/cipher_session.h"

namespace virtcrypt::crypto::cryptopp_xts {

// `parameters.key` is Key1 followed by Key2. They may be equal, as in IEEE 1619-2007's first test vector:
// that they should not is a rule of FIPS 140 for whoever makes keys.
[[nodiscard]] SessionPointer make_session(const CipherRow& row, const CipherParameters& parameters);

}  // namespace virtcrypt::crypto::cryptopp_xts
