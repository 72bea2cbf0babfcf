// Crypto sessions that come as messages, in the structures of QEMU's versions.
#include "tests/support/catch.h"
#include "tests/unit/crypto/openssl_opinion.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"
#include "tests/unit/vhost_user/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr SessionForm kForms[] = {SessionForm::kOpcodeFirst, SessionForm::kNoOpcode, SessionForm::kUnion};

// virtio_crypto_status, negative.
constexpr std::int64_t kErr = -1, kNotSupported = -3, kNoSpace = -5;

Bytes counting(std::size_t bytes) {
  Bytes content(bytes);
  for (std::size_t i = 0; i < bytes; ++i)
    content[i] = static_cast<std::byte>(i * 7 + 1);
  return content;
}

}  // namespace

TEST_CASE("vhost-user: AES-CBC sessions of all three forms encrypt and decrypt", "[vhost-user][openssl]") {
  for (const SessionForm form : kForms) {
    CAPTURE(static_cast<int>(form));
    Scene scene;
    scene.start_as_qemu();
    FrontEnd& front_end = scene.front_end();
    const CbcVector& vector = rfc3602_case_2();
    const auto id = front_end.create_session(session_payload(form, aes_cbc(vector.key)));
    REQUIRE(id > 0);
    CHECK(is_right(front_end.call(0, encrypt(static_cast<std::uint64_t>(id), vector)), vector));

    const Bytes key = counting(32), iv = counting(16), text = counting(160);
    const auto expected = tests::openssl::cipher("AES-256-CBC", true, key, iv, text);
    REQUIRE(expected);
    const auto decryption =
        front_end.create_session(session_payload(form, aes_cbc(key, wire_number::kDecrypt)));
    REQUIRE(decryption > 0);
    const Answer answer = front_end.call(
        0, cipher_request({Layout::kPadded, static_cast<std::uint64_t>(decryption)},
                          aes_cbc(key, wire_number::kDecrypt), iv, *expected, expected->size()));
    CHECK(answer.status() == wire_number::kOk);
    CHECK(part(answer.written, 0, text.size()) == text);
  }
}

TEST_CASE("vhost-user: chains of a cipher and HMAC-SHA1 of all three forms", "[vhost-user][openssl]") {
  constexpr std::uint32_t kHmacSha1 = 2, kHashThenCipher = 1, kCipherThenHash = 2, kWithKey = 2;
  const Bytes cipher_key = counting(16), mac_key = counting(20), iv = counting(16), text = counting(64);
  const auto cipher_text = tests::openssl::cipher("AES-128-CBC", true, cipher_key, iv, text);
  REQUIRE(cipher_text);
  for (const SessionForm form : kForms) {
    for (const std::uint32_t order : {kHashThenCipher, kCipherThenHash}) {
      CAPTURE(static_cast<int>(form), order);
      const auto mac =
          tests::openssl::mac("HMAC", "SHA1", mac_key, {}, order == kCipherThenHash ? *cipher_text : text);
      REQUIRE(mac);
      const ChainSubject subject{.order = order,
                                 .hash_mode = kWithKey,
                                 .cipher = aes_cbc(cipher_key),
                                 .hash = {.algorithm = kHmacSha1, .result_bytes = 20, .key = mac_key}};
      Scene scene;
      scene.start_as_qemu();
      const auto id = scene.front_end().create_session(session_payload(form, subject));
      REQUIRE(id > 0);
      ChainData data;
      data.iv = iv;
      data.source = text;
      data.room = text.size();
      data.result_bytes = mac->size();
      data.cipher_bytes = data.hash_bytes = static_cast<std::uint32_t>(text.size());
      const Answer answer = scene.front_end().call(
          0, chain_request({Layout::kPadded, static_cast<std::uint64_t>(id)}, subject, data));
      REQUIRE(answer.status() == wire_number::kOk);
      CHECK(part(answer.written, 0, text.size()) == *cipher_text);
      CHECK(part(answer.written, text.size(), 20) == *mac);
    }
  }
}

TEST_CASE("vhost-user: RSA sessions of QEMU 9.0's form sign", "[vhost-user]") {
  constexpr std::uint32_t kPkcs1 = 1, kSha1 = 5, kPrivate = 2;
  const Bytes key = from_hex(rsa_vectors::kPrivateKeyDer);
  const RsaSubject subject{.key_type = kPrivate, .padding = kPkcs1, .hash = kSha1, .key = key};
  Scene scene;
  scene.start_as_qemu();
  const auto id = scene.front_end().create_session(session_payload(subject));
  REQUIRE(id > 0);
  const Answer answer = scene.front_end().call(
      0, akcipher_request({Layout::kPadded, static_cast<std::uint64_t>(id)}, subject,
                          wire_number::kAkcipherSign, from_hex(rsa_vectors::kDigestSha1), 128));
  REQUIRE(answer.status() == wire_number::kOk);
  CHECK(part(answer.written, 0, 128) == from_hex(rsa_vectors::kSignatureSha1));
}

TEST_CASE("vhost-user: sessions that cannot be are refused with a negative id", "[vhost-user][hostile]") {
  auto options = polled_device();
  options.max_sessions = 2;
  Scene scene(options);
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate_as_qemu();
  const Bytes key = counting(16), odd_key = counting(17);
  for (const SessionForm form : kForms) {
    CAPTURE(static_cast<int>(form));
    CHECK(front_end.create_session(session_payload(form, CipherSubject{.algorithm = 0xfff0, .key = key})) ==
          kNotSupported);
    CHECK(front_end.create_session(session_payload(form, aes_cbc(odd_key))) < 0);
    CHECK(front_end.create_session(session_payload(form, aes_cbc(key, 7))) < 0);
    // Lengths beyond the room that there is for keys.
    for (const std::uint32_t length : {65U, 0x8000'0000U, UINT32_MAX}) {
      Bytes payload = session_payload(form, aes_cbc(key));
      const std::size_t at = form == SessionForm::kOpcodeFirst ? 16 : 12;
      const Bytes bytes = Wire().le32(length).done();
      std::copy(bytes.begin(), bytes.end(), payload.begin() + static_cast<std::ptrdiff_t>(at));
      CHECK(front_end.create_session(payload) == kErr);
    }
  }
  Bytes rsa = session_payload(RsaSubject{.key_type = 1, .padding = 0, .hash = 0, .key = key});
  CHECK(front_end.create_session(rsa) < 0);
  const Bytes too_long = Wire().le32(1025).done();
  std::copy(too_long.begin(), too_long.end(), rsa.begin() + 16);
  CHECK(front_end.create_session(rsa) < 0);
  Bytes other_service = session_payload(SessionForm::kUnion, aes_cbc(key));
  other_service[1] = std::byte{1};  // HASH
  CHECK(front_end.create_session(other_service) == kNotSupported);
  CHECK(scene.device().stats().sessions_open == 0);

  const Bytes good = session_payload(SessionForm::kUnion, aes_cbc(key));
  CHECK(front_end.create_session(good) > 0);
  CHECK(front_end.create_session(good) > 0);
  CHECK(front_end.create_session(good) == kNoSpace);
  scene.device().set_ready(false);
  CHECK(front_end.create_session(good) == kErr);
}

TEST_CASE("vhost-user: a session ends once, and unknown ones do not", "[vhost-user]") {
  Scene scene;
  scene.start_as_qemu();
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_1();
  const auto id = static_cast<std::uint64_t>(
      front_end.create_session(session_payload(SessionForm::kNoOpcode, aes_cbc(vector.key))));
  const auto other = static_cast<std::uint64_t>(
      front_end.create_session(session_payload(SessionForm::kNoOpcode, aes_cbc(vector.key))));
  const auto close = [&](std::uint64_t which) {
    return front_end.acknowledged(vu::kCloseCryptoSession, Wire().le64(which).done());
  };
  CHECK(close(id) == 0);
  CHECK(front_end.call(0, encrypt(id, vector)).status() == wire_number::kInvSess);
  CHECK(close(id) != 0);
  CHECK(close(0) != 0);
  CHECK(close(UINT64_MAX) != 0);
  CHECK(scene.log().size() == 3);
  CHECK(is_right(front_end.call(0, encrypt(other, vector)), vector));
  CHECK(scene.device().stats().sessions_open == 1);
}

TEST_CASE("vhost-user: session messages need their protocol feature", "[vhost-user][hostile]") {
  Scene scene;
  scene.front_end().negotiate(kModern);  // without CRYPTO_SESSION
  const Bytes payload = session_payload(SessionForm::kUnion, aes_cbc(rfc3602_case_1().key));
  CHECK_THROWS_WITH(scene.front_end().create_session(payload), contains_text("CREATE_CRYPTO_SESSION"));
  CHECK_THROWS_WITH(scene.front_end().close_session(1), contains_text("CLOSE_CRYPTO_SESSION"));
}
