#include "tests/driver/rfc_v2_bad_requests.h"

#include <cstdint>

namespace virtcrypt::test::rfc_v2 {
namespace {

constexpr std::uint32_t kAesEcb = 2, kAesCbc = 3, kAesCtr = 4, kAesXts = 13;
constexpr std::uint32_t kMd5 = 1, kSha256 = 4, kShake128 = 11, kHmacSha256 = 4, kGcm = 1, kCcm = 2;

template <typename Change>
Session changed(Session session, const Change& change) {
  change(session);
  return session;
}

Session chain() {
  return chain_session(kCipherThenHash, cipher_session(kAesCbc, Bytes(16), kEncrypt),
                       mac_session(kHmacSha256, Bytes(10), 32));
}

}  // namespace

std::vector<BadSession> bad_sessions() {
  const Session cipher = cbc_session(), hash = hash_session(kSha256, 32),
                mac = mac_session(kHmacSha256, Bytes(10), 32),
                nested = nested_session(kSha256, kSha256, 32, Bytes(3), Bytes(4)),
                aead = aead_session(kGcm, Bytes(16), kEncrypt, 16);
  const auto key = [](std::uint32_t algorithm, std::size_t bytes) {
    return cipher_session(algorithm, Bytes(bytes), kEncrypt);
  };
  return {
      {"op_type 0:", changed(cipher, [](Session& s) { s.op_type = kOpNone; })},
      {"op_type 4:", changed(cipher, [](Session& s) { s.op_type = 4; })},
      {"op_type 4294967295:", changed(cipher, [](Session& s) { s.op_type = UINT32_MAX; })},
      {"cipher.alg 0:", key(0, 16)},
      {"cipher.alg 15:", key(15, 16)},
      {"cipher.alg 769:", key(kAeadBase + kGcm, 16)},
      {"cipher.op 0:", changed(cipher, [](Session& s) { s.op = 0; })},
      {"cipher.op 3:", changed(cipher, [](Session& s) { s.op = 3; })},
      {"cipher.keylen 0:", key(kAesCbc, 0)},
      {"cipher.keylen 15:", key(kAesCbc, 15)},
      {"cipher.keylen 33:", key(kAesCbc, 33)},
      {"cipher.keylen 48:", key(kAesXts, 48)},
      {"cipher.keylen 4294967295:", changed(cipher, [](Session& s) { s.key_len = UINT32_MAX; })},
      {"readable bytes of the keys 16:", changed(cipher, [](Session& s) { s.key_len = 32; })},
      {"hash.hash_alg 0:", changed(hash, [](Session& s) { s.hash_alg = 0; })},
      {"hash.hash_alg 13:", changed(hash, [](Session& s) { s.hash_alg = 13; })},
      {"hash.hash_alg 769:", changed(hash, [](Session& s) { s.hash_alg = kAeadBase + kGcm; })},
      {"hash.hash_alg 26:", changed(hash, [](Session& s) { s.hash_alg = 26; })},  // CMAC, but not AUTH
      {"hash.hash_alg 7:", changed(mac, [](Session& s) { s.hash_alg = 7; })},
      {"hash.hash_mode 0:", changed(hash, [](Session& s) { s.hash_mode = 0; })},
      {"hash.hash_mode 4:", changed(hash, [](Session& s) { s.hash_mode = 4; })},
      {"hash.hash_result_len 0:", changed(hash, [](Session& s) { s.result_len = 0; })},
      {"hash.hash_result_len 33:", changed(hash, [](Session& s) { s.result_len = 33; })},
      {"hash.hash_result_len 33:", changed(mac, [](Session& s) { s.result_len = 33; })},
      {"hash.hash_result_len 33:", changed(nested, [](Session& s) { s.result_len = 33; })},
      {"hash.hash_result_len 1048577:", hash_session(kShake128, (1U << 20U) + 1)},
      {"hash.auth_key_len 4294967295:", changed(mac, [](Session& s) { s.auth_key_len = UINT32_MAX; })},
      {"hash.auth_key_len 1025:", mac_session(kHmacSha256, Bytes(1025), 32)},
      {"readable bytes of the keys 10:", changed(mac, [](Session& s) { s.auth_key_len = 11; })},
      {"verify_digest 2:", changed(hash, [](Session& s) { s.verify_digest = 2; })},
      {"hash.hash_alg 11:", nested_session(kShake128, kSha256, 32, {}, {})},
      {"outer_hash_alg 0:", nested_session(kSha256, 0, 32, {}, {})},
      {"outer_hash_alg 99:", nested_session(kSha256, 99, 32, {}, {})},
      {"inner_prefix_len 1025:", nested_session(kSha256, kSha256, 32, Bytes(1025), {})},
      {"outer_prefix_len 1025:", nested_session(kSha256, kSha256, 32, {}, Bytes(1025))},
      {"readable bytes of the session 11:", changed(nested, [](Session& s) { s.behind.resize(11); })},
      {"readable bytes of the keys 18:", changed(nested, [](Session& s) { s.behind.resize(18); })},
      {"alg_chain_order 0:", changed(chain(), [](Session& s) { s.chain_order = 0; })},
      {"alg_chain_order 3:", changed(chain(), [](Session& s) { s.chain_order = 3; })},
      {"readable bytes of the keys 25:", changed(chain(), [](Session& s) { s.behind.resize(25); })},
      {"cipher.alg 768:", aead_session(0, Bytes(16), kEncrypt, 16)},
      {"cipher.alg 772:", aead_session(4, Bytes(16), kEncrypt, 16)},
      {"cipher.alg 3:", changed(aead, [](Session& s) { s.cipher_alg = kAesCbc; })},
      {"hash.hash_alg 4:", changed(aead, [](Session& s) { s.hash_alg = kHmacSha256; })},
      {"hash.hash_alg 770:", changed(aead, [](Session& s) { s.hash_alg = kAeadBase + kCcm; })},
      {"hash.hash_mode 1:", changed(aead, [](Session& s) { s.hash_mode = kPlain; })},
      {"cipher.op 3:", changed(aead, [](Session& s) { s.op = 3; })},
      {"cipher.keylen 17:", aead_session(kGcm, Bytes(17), kEncrypt, 16)},
      {"hash.hash_result_len 17:", aead_session(kGcm, Bytes(16), kEncrypt, 17)},
      {"hash.hash_result_len 0:", aead_session(kCcm, Bytes(16), kEncrypt, 0)},
  };
}

std::vector<BadData> bad_data() {
  const Session cbc = cbc_session(), hash = hash_session(kMd5, 16),
                ctr = cipher_session(kAesCtr, Bytes(16), 1), mac = mac_session(kHmacSha256, Bytes(10), 32),
                gcm = aead_session(kGcm, Bytes(16), kEncrypt, 16);
  const Session verify = changed(hash, [](Session& s) { s.verify_digest = 1; });
  const Session open = aead_session(kGcm, Bytes(16), kDecrypt, 16);
  const auto twelve = [](Data& d) { d.header.iv_len = 12; };
  return {
      {"session_id 0:", cbc, [](Data& d) { d.header.session = 0; }},
      {"source_len 49:", cbc, [](Data& d) { d.header.source_len = 49; }},
      {"source_len 4294967295:", cbc, [](Data& d) { d.header.source_len = UINT32_MAX; }},
      {"iv_len 15:", cbc, [](Data& d) { d.header.iv_len = 15; }},
      {"iv_len 17:", cbc, [](Data& d) { d.header.iv_len = 17; }},
      {"iv_len 4294967295:", cbc, [](Data& d) { d.header.iv_len = UINT32_MAX; }},
      {"iv_len 16:", cipher_session(kAesEcb, Bytes(16), kEncrypt), [](Data&) {}},
      {"iv_len 16:", gcm, [](Data&) {}},
      {"iv_offset 33:", cbc, [](Data& d) { d.header.iv_offset = 33; }},
      {"iv_offset 4294967295:", cbc, [](Data& d) { d.header.iv_offset = UINT32_MAX; }},
      {"cipher_start_src_offset 17:", cbc, [](Data& d) { d.header.cipher_start = 17; }},
      {"cipher_start_src_offset 4294967295:", cbc, [](Data& d) { d.header.cipher_start = UINT32_MAX; }},
      {"len_to_cipher 49:", ctr, [](Data& d) { d.header.cipher_len = 49; }},
      {"len_to_cipher 4294967295:", ctr, [](Data& d) { d.header.cipher_len = UINT32_MAX; }},
      {"len_to_cipher 31:", cbc, [](Data& d) { d.header.cipher_len = 31; }},
      {"len_to_cipher 15:",
       cipher_session(kAesXts,
                      from_hex("00112233445566778899aabbccddeeff"
                               "0102030405060708090a0b0c0d0e0f10"),
                      kEncrypt),
       [](Data& d) { d.header.cipher_len = 15; }},
      {"writable bytes 32:", cbc, [](Data& d) { d.destination = 31; }},
      {"writable bytes 1:", cbc, [](Data& d) { d.destination = 0; }},
      {"writable bytes 16:", hash, [](Data& d) { d.destination = 0, d.digest = 15; }},
      {"hash_start_src_offset 17:", hash, [](Data& d) { d.header.hash_start = 17; }},
      {"hash_start_src_offset 4294967295:", hash, [](Data& d) { d.header.hash_start = UINT32_MAX; }},
      {"len_to_hash 49:", hash, [](Data& d) { d.header.hash_len = 49; }},
      {"len_to_hash without its digest 32:", verify, [](Data&) {}},
      {"auth_len 1:", hash, [](Data& d) { d.header.auth_len = 1; }},
      {"auth_len 9:", changed(mac, [](Session& s) { s.aad_len = 8; }),
       [](Data& d) { d.header.auth_len = 9; }},
      {"auth_len 49:", mac, [](Data& d) { d.header.auth_len = 49; }},
      {"additional_auth_offset 48:", mac, [](Data& d) { d.header.auth_len = 1; }},
      {"len_to_cipher without its tag 32:", open, twelve},
      {"len_to_hash 49:", chain(), [](Data& d) { d.header.hash_len = 49, d.digest = 32; }},
      {"writable bytes 32:", chain(), [](Data& d) { d.destination = 0, d.digest = 31; }},
  };
}

}  // namespace virtcrypt::test::rfc_v2
