// What the tests of the decisions in docs/device.md share: one subject a service, and texts to use it on.
#pragma once

#include <cstdint>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"

namespace virtcrypt::test::rules {

using namespace wire_number;

constexpr std::uint32_t kSha256 = 4, kHmacSha256 = 4, kGcm = 1, kCcm = 2;
constexpr std::uint32_t kHashOpcode = 0x0100, kAeadEncryptOpcode = 0x0300;
inline const Bytes kKey(16, std::byte{0x2A});
inline const Bytes kIv16(16, std::byte{0x1B});
inline const Bytes kIv12(12, std::byte{0x1B});
inline const Bytes kText(48, std::byte{0x3C});

[[nodiscard]] inline DriverOptions with(Layout layout) {
  DriverOptions options;
  options.features |= features_of(layout);
  return options;
}

[[nodiscard]] inline CipherSubject cbc(std::uint32_t op = kEncrypt) {
  return {.algorithm = kAesCbc, .op = op, .key = kKey};
}
[[nodiscard]] inline AeadSubject gcm(std::uint32_t op = kEncrypt, std::uint32_t tag = 16) {
  return {.algorithm = kGcm, .op = op, .tag_bytes = tag, .aad_bytes = 0, .key = kKey};
}
[[nodiscard]] inline ChainSubject cbc_hmac(std::uint32_t order = 2) {
  return {.order = order,
          .hash_mode = 2,
          .cipher = cbc(),
          .hash = {.algorithm = kHmacSha256, .result_bytes = 32, .key = kKey},
          .aad_bytes = 0};
}

// The cipher and the hash over all of kText.
[[nodiscard]] inline ChainData whole_text() {
  return {.iv = kIv16,
          .source = kText,
          .aad = {},
          .room = kText.size(),
          .result_bytes = 32,
          .cipher_start = 0,
          .cipher_bytes = 48,
          .hash_start = 0,
          .hash_bytes = 48};
}

template <typename Subject>
[[nodiscard]] Target session(CryptoDriver& driver, Layout layout, const Subject& subject) {
  const auto created = driver.create(create_request(layout, subject));
  REQUIRE(created.status == kOk);
  return {.layout = layout, .session = created.id};
}

[[nodiscard]] inline int status_of(CryptoDriver& driver, const Request& request) {
  return driver.call(0, request).status();
}

[[nodiscard]] inline Bytes output_of(const Answer& answer) {
  return {answer.written.begin(), answer.written.end() - 1};
}

}  // namespace virtcrypt::test::rules
