// What QEMU's versions send as a description of a crypto session, written byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/driver/bytes.h"
#include "tests/driver/crypto_requests.h"

namespace virtcrypt::test {

enum class SessionForm : std::uint8_t {
  kOpcodeFirst,  // up to 7.0: id, structure that begins with the opcode, keys
  kNoOpcode,     // 7.1 to 8.2: the same without the opcode
  kUnion,        // from 9.0 on: opcode, symmetric or asymmetric, id
};

[[nodiscard]] Bytes session_payload(SessionForm form, const CipherSubject& subject);
[[nodiscard]] Bytes session_payload(SessionForm form, const ChainSubject& subject);
// From 9.0 on only.
[[nodiscard]] Bytes session_payload(const RsaSubject& subject);

// What the back-end put into an answer to it.
[[nodiscard]] std::int64_t session_id_in(std::span<const std::byte> answer);

}  // namespace virtcrypt::test
