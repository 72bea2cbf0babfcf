#pragma once

#include <cstdint>

namespace virtcrypt::test {

// Opcodes, algorithms and statuses of the standard dialect as plain numbers (VIRTIO 1.4, 5.9), independent of
// ours.
namespace wire_number {
constexpr std::uint32_t kCipherCreate = 0x0002, kCipherDestroy = 0x0003, kCipherEncrypt = 0x0000,
                        kCipherDecrypt = 0x0001;
constexpr std::uint32_t kHashDestroy = 0x0103, kMacDestroy = 0x0203, kAeadDestroy = 0x0303;
constexpr std::uint32_t kAkcipherCreate = 0x0404, kAkcipherDestroy = 0x0405, kAkcipherEncrypt = 0x0400;
constexpr std::uint32_t kAkcipherDecrypt = 0x0401, kAkcipherSign = 0x0402, kAkcipherVerify = 0x0403;
constexpr std::uint32_t kAesEcb = 2, kAesCbc = 3, kAesCtr = 4;
constexpr std::uint32_t kEncrypt = 1, kDecrypt = 2;
constexpr std::uint8_t kOk = 0, kErr = 1, kBadMsg = 2, kNotSupp = 3, kInvSess = 4, kNoSpc = 5,
                       kKeyRejected = 6;
}  // namespace wire_number

}  // namespace virtcrypt::test
