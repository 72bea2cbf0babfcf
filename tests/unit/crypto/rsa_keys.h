// RSA keys for tests, and DER written by hand: independent of the parser under test.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "tests/unit/crypto/vector_files.h"

namespace virtcrypt::tests {

// One element; `content` may be of any length.
[[nodiscard]] Bytes der_element(unsigned tag, const Bytes& content);
// An INTEGER that holds the unsigned number `magnitude` in its shortest form.
[[nodiscard]] Bytes der_integer(Bytes magnitude);
[[nodiscard]] Bytes der_sequence(std::initializer_list<Bytes> elements);

// Unsigned big-endian numbers.
struct RsaNumbers {
  Bytes n, e, d, p, q, dp, dq, u;
};

[[nodiscard]] Bytes public_der(const RsaNumbers& key);
[[nodiscard]] Bytes private_der(const RsaNumbers& key);

// The key of an example of RSA Laboratories' files.
[[nodiscard]] RsaNumbers numbers_of(const Pkcs1Case& example);
// The same without CRT parts (they become zero), as old Linux self-tests send it.
[[nodiscard]] RsaNumbers without_crt(RsaNumbers key);

// Key 1 (1024 bits) of RSA Laboratories' signature vectors.
[[nodiscard]] const RsaNumbers& key_1024();

// EMSA and EME blocks by hand: 00 `type` `fill` 00 `tail`.
[[nodiscard]] Bytes pkcs1_block(unsigned type, const Bytes& fill, const Bytes& tail);

[[nodiscard]] Bytes joined(std::initializer_list<Bytes> parts);

}  // namespace virtcrypt::tests
