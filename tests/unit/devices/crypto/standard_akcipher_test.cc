// AKCIPHER service of the standard device, through the rings. The key and its results come from OpenSSL:
//   openssl genrsa -traditional 1024; openssl pkeyutl -sign/-decrypt ...   (see rsa_vectors.h)
#include <cstdint>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

constexpr std::uint32_t kPublic = 1, kPrivate = 2, kRaw = 0, kPkcs1 = 1;
constexpr std::uint32_t kNoHash = 0, kSha1 = 5, kSha256 = 6, kSha384 = 7, kSha512 = 8, kSha224 = 9;

const Bytes kPrivateKey = from_hex(rsa_vectors::kPrivateKeyDer);
const Bytes kPublicKey = from_hex(rsa_vectors::kPublicKeyDer);

struct Signed {
  std::uint32_t hash;
  Bytes digest;
  Bytes signature;
};

std::vector<Signed> signatures() {
  return {{kSha1, from_hex(rsa_vectors::kDigestSha1), from_hex(rsa_vectors::kSignatureSha1)},
          {kSha224, from_hex(rsa_vectors::kDigestSha224), from_hex(rsa_vectors::kSignatureSha224)},
          {kSha256, from_hex(rsa_vectors::kDigestSha256), from_hex(rsa_vectors::kSignatureSha256)},
          {kSha384, from_hex(rsa_vectors::kDigestSha384), from_hex(rsa_vectors::kSignatureSha384)},
          {kSha512, from_hex(rsa_vectors::kDigestSha512), from_hex(rsa_vectors::kSignatureSha512)}};
}

std::uint64_t create(CryptoDriver& driver, std::uint32_t type, std::uint32_t padding, std::uint32_t hash) {
  const auto created = driver.create(
      CryptoDriver::akcipher_create(type, padding, hash, type == kPrivate ? kPrivateKey : kPublicKey));
  REQUIRE(created.status == kOk);
  return created.id;
}

Request verify(std::uint64_t session, const Bytes& signature, const Bytes& digest) {
  Request request;
  request.readable(CryptoDriver::akcipher_header(kAkcipherVerify, session,
                                                 static_cast<std::uint32_t>(signature.size()),
                                                 static_cast<std::uint32_t>(digest.size())));
  return request.readable(signature).readable(digest).writable(1);
}

// The result, which the driver finds by the used length (5.9.9.8).
Bytes result_of(const Answer& answer) {
  return {answer.written.begin(),
          answer.written.begin() + static_cast<std::ptrdiff_t>(answer.used_length) - 1};
}

}  // namespace

TEST_CASE("AKCIPHER: signatures are OpenSSL's, for every hash", "[crypto][standard][rsa][5.9.9.8]") {
  CryptoDriver driver;
  for (const Signed& known : signatures()) {
    INFO("hash " << known.hash);
    const std::uint64_t session = create(driver, kPrivate, kPkcs1, known.hash);
    const Answer answer = driver.call(0, CryptoDriver::akcipher(kAkcipherSign, session, known.digest, 128));
    CHECK(answer.status() == kOk);
    CHECK(answer.used_length == 129);
    CHECK(result_of(answer) == known.signature);
  }
}

TEST_CASE("AKCIPHER: good signatures verify, changed ones are rejected",
          "[crypto][standard][rsa][A-12][A-16]") {
  CryptoDriver driver;
  for (const Signed& known : signatures()) {
    INFO("hash " << known.hash);
    for (const std::uint32_t type : {kPublic, kPrivate}) {
      const std::uint64_t session = create(driver, type, kPkcs1, known.hash);
      const Answer good = driver.call(0, verify(session, known.signature, known.digest));
      CHECK(good.status() == kOk);
      CHECK(good.used_length == 1);
      Bytes changed = known.signature;
      changed[64] ^= std::byte{1};
      CHECK(driver.call(0, verify(session, changed, known.digest)).status() == kKeyRejected);
      Bytes other = known.digest;
      other[0] ^= std::byte{0x80};
      CHECK(driver.call(0, verify(session, known.signature, other)).status() == kKeyRejected);
      CHECK(
          driver.call(0, verify(session, known.signature, Bytes(other.begin(), other.end() - 1))).status() ==
          kErr);
      CHECK(driver.call(0, verify(session, Bytes(127), known.digest)).status() == kErr);
    }
  }
}

TEST_CASE("AKCIPHER: OpenSSL's ciphertext decrypts, and the result is as long as the message",
          "[crypto][standard][rsa][A-13]") {
  CryptoDriver driver;
  const std::uint64_t session = create(driver, kPrivate, kPkcs1, kSha1);
  const Bytes message = from_hex(rsa_vectors::kMessage);
  const Answer answer = driver.call(
      0, CryptoDriver::akcipher(kAkcipherDecrypt, session, from_hex(rsa_vectors::kCiphertext), 128));
  CHECK(answer.status() == kOk);
  CHECK(result_of(answer) == message);
  CHECK(Bytes(answer.written.begin() + static_cast<std::ptrdiff_t>(message.size()),
              answer.written.end() - 1) == Bytes(128 - message.size()));
}

TEST_CASE("AKCIPHER: what was encrypted with the public key decrypts with the private one",
          "[crypto][standard][rsa]") {
  CryptoDriver driver;
  const std::uint64_t encrypt = create(driver, kPublic, kPkcs1, kNoHash);
  const std::uint64_t decrypt = create(driver, kPrivate, kPkcs1, kNoHash);
  for (const std::size_t length : {0U, 1U, 32U, 117U}) {
    const Bytes message(length, std::byte{0x42});
    const Answer cipher = driver.call(0, CryptoDriver::akcipher(kAkcipherEncrypt, encrypt, message, 128));
    REQUIRE(cipher.status() == kOk);
    const Answer plain =
        driver.call(0, CryptoDriver::akcipher(kAkcipherDecrypt, decrypt, result_of(cipher), 128));
    CHECK(plain.status() == kOk);
    CHECK(result_of(plain) == message);
  }
  CHECK(driver.call(0, CryptoDriver::akcipher(kAkcipherEncrypt, encrypt, Bytes(118), 128)).status() == kErr);
}

TEST_CASE("AKCIPHER: raw RSA gives modulus-length results", "[crypto][standard][rsa][A-15]") {
  CryptoDriver driver;
  const std::uint64_t session = create(driver, kPrivate, kRaw, 99);  // a hash means nothing here
  const Bytes input = from_hex(rsa_vectors::kRawInput);
  const Answer encrypted = driver.call(0, CryptoDriver::akcipher(kAkcipherEncrypt, session, input, 128));
  CHECK(encrypted.status() == kOk);
  CHECK(result_of(encrypted) == from_hex(rsa_vectors::kRawEncrypted));
  const Answer decrypted =
      driver.call(0, CryptoDriver::akcipher(kAkcipherDecrypt, session, result_of(encrypted), 128));
  CHECK(result_of(decrypted) == input);
  CHECK(driver.call(0, CryptoDriver::akcipher(kAkcipherEncrypt, session, input, 127)).status() == kErr);
  CHECK(driver.call(0, CryptoDriver::akcipher(kAkcipherEncrypt, session, Bytes(128, std::byte{0xFF}), 128))
            .status() == kErr);
  for (const std::uint32_t opcode : {kAkcipherSign, kAkcipherVerify}) {
    CHECK(driver.call(0, CryptoDriver::akcipher(opcode, session, input, opcode == kAkcipherSign ? 128 : 0))
              .status() == kNotSupp);
  }
}

TEST_CASE("AKCIPHER: parameters that do not exist are refused", "[crypto][standard][rsa][A-11]") {
  CryptoDriver driver;
  for (const std::uint32_t algorithm : {0U, 3U, 4U, 0xFFFF'FFFFU}) {
    CHECK(driver.create(CryptoDriver::akcipher_create(kPublic, kRaw, 0, kPublicKey, algorithm)).status ==
          kNotSupp);
  }
  for (const std::uint32_t padding : {2U, 0xFFFF'FFFFU}) {
    CHECK(driver.create(CryptoDriver::akcipher_create(kPublic, padding, kSha1, kPublicKey)).status ==
          kNotSupp);
  }
  for (const std::uint32_t hash : {2U, 10U, 0xFFFF'FFFFU}) {
    CHECK(driver.create(CryptoDriver::akcipher_create(kPublic, kPkcs1, hash, kPublicKey)).status == kNotSupp);
  }
  for (const std::uint32_t type : {0U, 3U}) {
    CHECK(driver.create(CryptoDriver::akcipher_create(type, kPkcs1, kSha1, kPublicKey)).status == kErr);
  }
}

TEST_CASE("AKCIPHER: keys that are no keys are errors", "[crypto][standard][rsa][hostile]") {
  CryptoDriver driver;
  for (std::size_t length = 1; length < kPrivateKey.size(); length += 3) {
    const auto cut = std::span(kPrivateKey).first(length);
    CHECK(driver.create(CryptoDriver::akcipher_create(kPrivate, kPkcs1, kSha1, cut)).status == kErr);
  }
  CHECK(driver.create(CryptoDriver::akcipher_create(kPrivate, kPkcs1, kSha1, kPublicKey)).status == kErr);
  CHECK(driver.create(CryptoDriver::akcipher_create(kPublic, kPkcs1, kSha1, kPrivateKey)).status == kErr);
  CHECK(driver.create(CryptoDriver::akcipher_create(kPublic, kPkcs1, kSha1, Bytes(1 << 16))).status == kErr);
}

TEST_CASE("AKCIPHER: hostile lengths are errors before anything is allocated",
          "[crypto][standard][rsa][hostile][CVE-2025-14876]") {
  CryptoDriver driver;
  const std::uint64_t session = create(driver, kPrivate, kPkcs1, kSha256);
  for (const auto& [source, destination] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0xFFFF'FFFF, 128},
                                                            {128, 0xFFFF'FFFF},
                                                            {0xFFFF'FFFF, 0xFFFF'FFFF},
                                                            {0x7FFF'FFFF, 1},
                                                            {(8 << 20) + 1, 0},
                                                            {129, 128},
                                                            {128, 129}}) {
    for (const std::uint32_t opcode : {kAkcipherEncrypt, kAkcipherDecrypt, kAkcipherSign, kAkcipherVerify}) {
      Request request;
      request.readable(CryptoDriver::akcipher_header(opcode, session, source, destination))
          .readable(Bytes(128));
      const Answer answer = driver.call(0, request.writable(128).writable(1));
      CHECK(answer.status() != kOk);
      CHECK(answer.used_length == 1);
    }
  }
  CHECK(driver.call(0, CryptoDriver::akcipher(kAkcipherSign, session, Bytes(32), 128)).status() == kOk);
}

TEST_CASE("AKCIPHER: many requests at once on one session", "[crypto][standard][rsa][DPDK]") {
  auto options = polled_device(2);
  options.io_threads = 2;
  options.workers = 2;
  CryptoDriver driver(options);
  const Signed known = signatures()[2];
  const std::uint64_t session = create(driver, kPrivate, kPkcs1, kSha256);
  std::vector<std::pair<std::uint16_t, std::uint16_t>> submitted;
  for (std::uint16_t i = 0; i < 24; ++i) {
    const std::uint16_t queue = i % 2;
    submitted.emplace_back(
        queue, driver.submit(queue, CryptoDriver::akcipher(kAkcipherSign, session, known.digest, 128)));
  }
  for (const auto& [queue, head] : submitted) {
    const Answer answer = driver.wait(queue, head);
    CHECK(answer.status() == kOk);
    CHECK(result_of(answer) == known.signature);
  }
  CHECK(driver.device().stats().handed_off > 0);
}
