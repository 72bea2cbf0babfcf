// What the specification leaves open of chains, decided in docs/device.md: tests by its numbers.
#include <cstdint>

#include "tests/unit/devices/crypto/standard_rules.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rules;

TEST_CASE(
    "A-04: additional data follows the source in sessions and AEAD, and comes first in stateless chains",
    "[crypto][standard][A-04]") {
  // The builders put it where each structure says; read from elsewhere, the digests would differ.
  const Bytes aad(16, std::byte{0x99});
  ChainData data = whole_text();
  data.aad = aad;
  CryptoDriver plain;
  const Answer with_session =
      plain.call(0, chain_request(session(plain, Layout::kPadded, cbc_hmac()), cbc_hmac(), data));
  CryptoDriver stateless(polled_device(), with(Layout::kStateless));
  const Answer without = stateless.call(0, chain_request({Layout::kStateless, 0}, cbc_hmac(), data));
  CHECK(with_session.status() == kOk);
  CHECK(with_session.written == without.written);
}

TEST_CASE("A-26: a chain's destination is an image of its source", "[crypto][standard][A-26]") {
  CryptoDriver driver;
  ChainData data = whole_text();
  data.room = 60;
  data.cipher_start = 16;
  data.cipher_bytes = 16;
  const Target cipher = session(driver, Layout::kPadded, cbc());
  const Bytes block(kText.begin() + 16, kText.begin() + 32);
  Bytes image = kText;
  const Bytes ciphered = output_of(driver.call(0, cipher_request(cipher, cbc(), kIv16, block, 16)));
  std::copy(ciphered.begin(), ciphered.end(), image.begin() + 16);
  const Target mac = session(driver, Layout::kPadded, MacSubject{kHmacSha256, 32, kKey});
  for (const std::uint32_t order : {1U, 2U}) {
    const Target chain = session(driver, Layout::kPadded, cbc_hmac(order));
    const Answer answer = driver.call(0, chain_request(chain, cbc_hmac(order), data));
    REQUIRE(answer.status() == kOk);
    Bytes expected = image;
    expected.resize(60);
    const Bytes digest = output_of(driver.call(0, mac_request(mac, {}, order == 1 ? kText : image, 32)));
    expected.insert(expected.end(), digest.begin(), digest.end());
    CHECK(output_of(answer) == expected);
  }
}

TEST_CASE("A-26: chain ranges lie within the source, additional data needs a MAC",
          "[crypto][standard][A-26]") {
  CryptoDriver driver;
  const Target chain = session(driver, Layout::kPadded, cbc_hmac());
  ChainSubject plain_hash = cbc_hmac();
  plain_hash.hash_mode = 1;
  plain_hash.hash.key = {};
  const Target plain = session(driver, Layout::kPadded, plain_hash);
  const ChainData good = whole_text();
  const auto status_with = [&](auto change) {
    ChainData data = good;
    change(data);
    return status_of(driver, chain_request(chain, cbc_hmac(), data));
  };
  CHECK(status_with([](ChainData&) {}) == kOk);
  CHECK(status_with([](ChainData& d) { d.cipher_start = 1; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.hash_start = 1; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.cipher_bytes = 49; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.hash_bytes = 49; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.cipher_start = 0xFFFF'FFF0; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.hash_start = 0xFFFF'FFFF; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.room = 47; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.result_bytes = 33; }) == kErr);
  CHECK(status_with([](ChainData& d) { d.cipher_bytes = 17; }) == kErr);  // a partial block
  CHECK(status_with([](ChainData& d) { d.hash_start = 48, d.hash_bytes = 0; }) == kOk);
  ChainData with_aad = good;
  with_aad.aad = kKey;
  CHECK(status_of(driver, chain_request(chain, cbc_hmac(), with_aad)) == kOk);
  CHECK(status_of(driver, chain_request(plain, plain_hash, with_aad)) == kErr);
  CHECK(status_of(driver, chain_request(plain, plain_hash, good)) == kOk);
}

TEST_CASE("A-27: nested hashing is not supported, nor is an unknown hash mode", "[crypto][standard][A-27]") {
  CryptoDriver driver;
  for (const std::uint32_t mode : {0U, 3U, 4U, 0xFFFF'FFFFU}) {
    ChainSubject subject = cbc_hmac();
    subject.hash_mode = mode;
    CHECK(driver.create(create_request(Layout::kPadded, subject)).status == kNotSupp);
  }
  for (const std::uint32_t order : {0U, 3U, 0xFFFF'FFFFU})
    CHECK(driver.create(create_request(Layout::kPadded, cbc_hmac(order))).status == kErr);
}

TEST_CASE("A-41: a MAC's IV is the front of what it is fed, in chains too", "[crypto][standard][A-41]") {
  CryptoDriver driver;
  constexpr std::uint32_t kGmac = 41;
  const MacSubject gmac{kGmac, 16, kKey};
  const Target mac = session(driver, Layout::kPadded, gmac);
  Bytes text = kIv12;
  text.insert(text.end(), kText.begin(), kText.end());
  const Answer direct = driver.call(0, mac_request(mac, gmac, text, 16));
  REQUIRE(direct.status() == kOk);
  // GMAC is GCM's tag over additional data alone (SP 800-38D, 6.4).
  const Target sealed = session(driver, Layout::kPadded, gcm());
  CHECK(driver.call(0, aead_request(sealed, gcm(), kIv12, {}, kText, 16)).written == direct.written);
  CHECK(status_of(driver, mac_request(mac, gmac, Bytes(11), 16)) == kErr);

  ChainSubject subject = cbc_hmac(1);
  subject.hash = {kGmac, 16, kKey};
  const Target chain = session(driver, Layout::kPadded, subject);
  ChainData data = whole_text();
  data.aad = kIv12;
  data.result_bytes = 16;
  const Answer chained = driver.call(0, chain_request(chain, subject, data));
  REQUIRE(chained.status() == kOk);
  CHECK(Bytes(chained.written.begin() + 48, chained.written.begin() + 64) ==
        Bytes(direct.written.begin(), direct.written.begin() + 16));
}

TEST_CASE("A-43: the two aad_len of a stateless chain agree", "[crypto][standard][A-43]") {
  CryptoDriver driver(polled_device(), with(Layout::kStateless));
  for (const std::uint32_t first : {0U, 16U}) {
    for (const std::uint32_t second : {0U, 16U}) {
      Wire wire;
      wire.le32(kCipherEncrypt).le32(0).le64(0).le64(0);
      wire.le32(2).le32(first).le32(kAesCbc).le32(16).le32(kEncrypt).le32(kHmacSha256).le32(16).le32(2);
      wire.le32(16).le32(48).le32(48).le32(0).le32(48).le32(0).le32(48).le32(second).le32(32).le32(0).le32(2);
      wire.bytes(kKey).bytes(kKey).bytes(kIv16).zeros(16).bytes(kText);
      Request request;
      CHECK(status_of(driver, request.readable(wire).writable(81)) == (first == second ? kOk : kErr));
    }
  }
}
