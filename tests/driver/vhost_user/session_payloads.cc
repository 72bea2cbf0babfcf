#include "tests/driver/vhost_user/session_payloads.h"

#include <cstring>

namespace virtcrypt::test {
namespace {

constexpr std::size_t kCipherKeyRoom = 64, kAuthKeyRoom = 512, kAsymRoom = 1056, kLongForm = 1072;
constexpr std::uint8_t kOpTypeCipher = 1, kOpTypeChain = 2;

std::uint32_t length(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

void put_key(Wire& wire, std::span<const std::byte> key, std::size_t room) {
  wire.bytes(key).zeros(room - key.size());
}

// CryptoDevBackendSymSessionInfo, with the pointers of another process, and both keys.
Wire symmetric(SessionForm form, std::uint8_t op_type, const ChainSubject& subject) {
  Wire wire;
  if (form == SessionForm::kOpcodeFirst) wire.le32(wire_number::kCipherCreate);
  wire.le32(subject.cipher.algorithm).le32(length(subject.cipher.key));
  wire.le32(subject.hash.algorithm).le32(subject.hash.result_bytes).le32(length(subject.hash.key));
  wire.le32(subject.aad_bytes).byte(op_type).byte(static_cast<std::uint8_t>(subject.cipher.op));
  wire.byte(static_cast<std::uint8_t>(subject.hash_mode)).byte(static_cast<std::uint8_t>(subject.order));
  if (form != SessionForm::kOpcodeFirst) wire.le32(0);
  wire.le64(0x7f12'3456'7890).le64(0x7f12'3456'78a0);
  put_key(wire, subject.cipher.key, kCipherKeyRoom);
  put_key(wire, subject.hash.key, kAuthKeyRoom);
  return wire;
}

Bytes payload(SessionForm form, std::uint8_t op_type, const ChainSubject& subject) {
  const Wire body = symmetric(form, op_type, subject);
  if (form != SessionForm::kUnion) return Wire().le64(0).bytes(body).done();
  Wire wire;
  wire.le64(wire_number::kCipherCreate).bytes(body).zeros(kAsymRoom - body.done().size()).le64(0);
  return wire.done();
}

}  // namespace

Bytes session_payload(SessionForm form, const CipherSubject& subject) {
  ChainSubject only_cipher;
  only_cipher.cipher = subject;
  return payload(form, kOpTypeCipher, only_cipher);
}

Bytes session_payload(SessionForm form, const ChainSubject& subject) {
  return payload(form, kOpTypeChain, subject);
}

Bytes session_payload(const RsaSubject& subject) {
  constexpr std::uint32_t kRsa = 1;
  constexpr std::size_t kAsymKeyRoom = 1024;
  Wire wire;
  wire.le64(wire_number::kAkcipherCreate);
  wire.le32(kRsa).le32(subject.key_type).le32(length(subject.key)).le32(subject.padding).le32(subject.hash);
  wire.le32(0).le64(0x7f12'3456'7890);
  put_key(wire, subject.key, kAsymKeyRoom);
  return wire.le64(0).done();
}

std::int64_t session_id_in(std::span<const std::byte> answer) {
  std::int64_t id = 0;
  const std::size_t offset = answer.size() == kLongForm ? answer.size() - sizeof id : 0;
  std::memcpy(&id, answer.data() + offset, sizeof id);
  return id;
}

}  // namespace virtcrypt::test
