// What the specification leaves open of AEAD, decided in docs/device.md: tests by its numbers.
#include <cstdint>

#include "tests/unit/devices/crypto/standard_rules.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rules;

TEST_CASE("A-05: AEAD ciphertext carries its tag, and dst_data_len may be longer than the text",
          "[crypto][standard][A-05]") {
  CryptoDriver driver;
  const Answer sealed = driver.call(
      0, aead_request(session(driver, Layout::kPadded, gcm()), gcm(), kIv12, kText, {}, kText.size() + 16));
  REQUIRE(sealed.status() == kOk);
  const Bytes ciphertext = output_of(sealed);
  const Target opening = session(driver, Layout::kPadded, gcm(kDecrypt));
  const Answer exact =
      driver.call(0, aead_request(opening, gcm(kDecrypt), kIv12, ciphertext, {}, kText.size()));
  CHECK(exact.status() == kOk);
  CHECK(output_of(exact) == kText);
  const Answer longer = driver.call(0, aead_request(opening, gcm(kDecrypt), kIv12, ciphertext, {}, 64));
  CHECK(longer.status() == kOk);
  Bytes padded = kText;
  padded.resize(64);
  CHECK(output_of(longer) == padded);
  CHECK(status_of(driver, aead_request(opening, gcm(kDecrypt), kIv12, ciphertext, {}, kText.size() - 1)) ==
        kErr);
  const Target sealing = session(driver, Layout::kPadded, gcm());
  CHECK(status_of(driver, aead_request(sealing, gcm(), kIv12, kText, {}, kText.size() + 15)) == kErr);
  // Shorter than a tag.
  CHECK(status_of(driver, aead_request(opening, gcm(kDecrypt), kIv12, Bytes(15), {}, 16)) == kErr);
}

TEST_CASE("A-05: a tag that does not match is BADMSG, and no plaintext is handed out",
          "[crypto][standard][A-05][CRYPTO-DEV-056]") {
  CryptoDriver driver;
  Bytes ciphertext = output_of(driver.call(0, aead_request(session(driver, Layout::kPadded, gcm()), gcm(),
                                                           kIv12, kText, kKey, kText.size() + 16)));
  const Target opening = session(driver, Layout::kPadded, gcm(kDecrypt));
  for (const std::size_t spoiled : {std::size_t{0}, kText.size() - 1, kText.size(), ciphertext.size() - 1}) {
    ciphertext[spoiled] ^= std::byte{1};
    const Answer answer =
        driver.call(0, aead_request(opening, gcm(kDecrypt), kIv12, ciphertext, kKey, kText.size()));
    CHECK(answer.status() == kBadMsg);
    CHECK(output_of(answer) == Bytes(kText.size()));
    ciphertext[spoiled] ^= std::byte{1};
  }
  CHECK(status_of(driver, aead_request(opening, gcm(kDecrypt), kIv12, ciphertext, {}, kText.size())) ==
        kBadMsg);
  CHECK(status_of(driver, aead_request(opening, gcm(kDecrypt), kIv12, ciphertext, kKey, kText.size())) ==
        kOk);
}

TEST_CASE("A-06: a request's tag_len is 0 or the session's", "[crypto][standard][A-06]") {
  CryptoDriver driver;
  const Target target = session(driver, Layout::kPadded, gcm(kEncrypt, 12));
  const Answer named = driver.call(0, aead_request(target, gcm(kEncrypt, 12), kIv12, kText, {}, 60));
  const Answer zero = driver.call(0, aead_request(target, gcm(kEncrypt, 0), kIv12, kText, {}, 60));
  CHECK(named.status() == kOk);
  CHECK(zero.written == named.written);
  CHECK(status_of(driver, aead_request(target, gcm(kEncrypt, 16), kIv12, kText, {}, 64)) == kErr);
}

TEST_CASE("A-07: IV lengths of GCM are 12 and 16, of CCM 7 to 13", "[crypto][standard][A-07]") {
  CryptoDriver driver;
  const Target target = session(driver, Layout::kPadded, gcm());
  AeadSubject ccm = gcm();
  ccm.algorithm = kCcm;
  const Target ccm_target = session(driver, Layout::kPadded, ccm);
  for (std::size_t bytes = 0; bytes <= 20; ++bytes) {
    INFO(bytes);
    CHECK(status_of(driver, aead_request(target, gcm(), Bytes(bytes), kText, {}, 64)) ==
          (bytes == 12 || bytes == 16 ? kOk : kErr));
    CHECK(status_of(driver, aead_request(ccm_target, ccm, Bytes(bytes), kText, {}, 64)) ==
          (bytes >= 7 && bytes <= 13 ? kOk : kErr));
  }
  // 16 bytes are J0 itself: IV || 1 is what 12 bytes become (SP 800-38D, 7.1).
  Bytes j0 = kIv12;
  j0.resize(16);
  j0[15] = std::byte{1};
  CHECK(driver.call(0, aead_request(target, gcm(), j0, kText, kKey, 64)).written ==
        driver.call(0, aead_request(target, gcm(), kIv12, kText, kKey, 64)).written);
}
