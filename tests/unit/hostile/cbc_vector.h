// AES-128-CBC, encryption of the first block of SP 800-38A, F.2.1.
#pragma once

#include "tests/driver/bytes.h"

namespace virtcrypt::test {

inline const Bytes kKey = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
inline const Bytes kIv = from_hex("000102030405060708090a0b0c0d0e0f");
inline const Bytes kPlain = from_hex("6bc1bee22e409f96e93d7e117393172a");
inline const Bytes kCbc = from_hex("7649abac8119b246cee98e9b12e9197d");

}  // namespace virtcrypt::test
