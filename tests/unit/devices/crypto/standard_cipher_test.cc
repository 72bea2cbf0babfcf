// CIPHER service of the standard device, through the rings. Vectors: SP 800-38A, appendix F.
#include <cstdint>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

const Bytes kPlain = from_hex(
    "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710");
const Bytes kKey128 = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
const Bytes kKey192 = from_hex("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b");
const Bytes kKey256 = from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
const Bytes kIv = from_hex("000102030405060708090a0b0c0d0e0f");
const Bytes kCounter = from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");

struct Vector {
  const char* section;
  std::uint32_t algorithm;
  Bytes key;
  Bytes iv;
  Bytes cipher;
};

std::vector<Vector> vectors() {
  return {
      {"F.1.1 ECB-AES128",
       kAesEcb,
       kKey128,
       {},
       from_hex("3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
                "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4")},
      {"F.1.5 ECB-AES256",
       kAesEcb,
       kKey256,
       {},
       from_hex("f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
                "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7")},
      {"F.2.1 CBC-AES128", kAesCbc, kKey128, kIv,
       from_hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7")},
      {"F.2.3 CBC-AES192", kAesCbc, kKey192, kIv,
       from_hex("4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
                "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd")},
      {"F.2.5 CBC-AES256", kAesCbc, kKey256, kIv,
       from_hex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b")},
      {"F.5.1 CTR-AES128", kAesCtr, kKey128, kCounter,
       from_hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee")},
      {"F.5.5 CTR-AES256", kAesCtr, kKey256, kCounter,
       from_hex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6")},
  };
}

Bytes front(const Answer& answer, std::size_t bytes) {
  return {answer.written.begin(), answer.written.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

}  // namespace

TEST_CASE("CIPHER: published vectors, both directions, any segmentation", "[crypto][standard][5.9.9.6]") {
  const std::size_t chunk = GENERATE(0U, 1U, 7U, 16U, 17U);
  const bool indirect = GENERATE(false, true);
  CryptoDriver driver(polled_device(), {.ring_size = 256});
  for (const Vector& vector : vectors()) {
    INFO(vector.section << ", chunk " << chunk << ", indirect " << indirect);
    const std::uint64_t encrypt = driver.create_cipher(vector.algorithm, vector.key, kEncrypt);
    const std::uint64_t decrypt = driver.create_cipher(vector.algorithm, vector.key, kDecrypt);
    Request forward = CryptoDriver::cipher(kCipherEncrypt, encrypt, vector.iv, kPlain);
    Request backward = CryptoDriver::cipher(kCipherDecrypt, decrypt, vector.iv, vector.cipher);
    if (chunk == 1 && !indirect) {
      // 217 descriptors and more: fits the ring of 256 once at a time.
      driver.reset();
      REQUIRE(driver.start());
      const std::uint64_t session = driver.create_cipher(vector.algorithm, vector.key, kEncrypt);
      forward = CryptoDriver::cipher(kCipherEncrypt, session, vector.iv, kPlain);
      const Answer answer = driver.call(0, forward.chunk(1));
      CHECK(answer.status() == kOk);
      CHECK(front(answer, 64) == vector.cipher);
      continue;
    }
    const Answer encrypted = driver.call(0, forward.chunk(chunk).indirect(indirect));
    CHECK(encrypted.status() == kOk);
    CHECK(encrypted.used_length == 65);
    CHECK(front(encrypted, 64) == vector.cipher);
    const Answer decrypted = driver.call(0, backward.chunk(chunk).indirect(indirect));
    CHECK(decrypted.status() == kOk);
    CHECK(front(decrypted, 64) == kPlain);
  }
}

TEST_CASE("CIPHER: source and destination may be the same memory, as Linux does",
          "[crypto][standard][A-38]") {
  CryptoDriver driver;
  for (const Vector& vector : vectors()) {
    INFO(vector.section);
    const std::uint64_t session = driver.create_cipher(vector.algorithm, vector.key, kEncrypt);
    const Buffer text = driver.keep(kPlain);
    const auto length = static_cast<std::uint32_t>(kPlain.size());
    Request request;
    request.readable(CryptoDriver::cipher_header(
        kCipherEncrypt, session, static_cast<std::uint32_t>(vector.iv.size()), length, length));
    request.readable(vector.iv).at(text.address, length, false).at(text.address, length, true).writable(1);
    CHECK(driver.call(0, request).status() == kOk);
    CHECK(Bytes(text.bytes.begin(), text.bytes.end()) == vector.cipher);
  }
}

TEST_CASE("CIPHER: the result is the same when source and destination overlap", "[crypto][standard][A-38]") {
  const std::size_t shift = GENERATE(1U, 15U, 16U, 48U);
  const bool forward = GENERATE(false, true);
  CryptoDriver driver;
  for (const Vector& vector : vectors()) {
    INFO(vector.section << ", shift " << shift << ", forward " << forward);
    const std::uint64_t session = driver.create_cipher(vector.algorithm, vector.key, kEncrypt);
    const Buffer memory = driver.keep(64 + shift);
    const std::size_t from = forward ? 0 : shift;
    const std::size_t to = forward ? shift : 0;
    std::copy(kPlain.begin(), kPlain.end(), memory.bytes.begin() + static_cast<std::ptrdiff_t>(from));
    Request request;
    request.readable(CryptoDriver::cipher_header(kCipherEncrypt, session,
                                                 static_cast<std::uint32_t>(vector.iv.size()), 64, 64));
    request.readable(vector.iv)
        .at(memory.address + from, 64, false)
        .at(memory.address + to, 64, true)
        .writable(1);
    CHECK(driver.call(0, request).status() == kOk);
    const auto result = memory.bytes.subspan(to, 64);
    CHECK(Bytes(result.begin(), result.end()) == vector.cipher);
  }
}

TEST_CASE("CIPHER: lengths around the block", "[crypto][standard][A-25]") {
  CryptoDriver driver;
  const std::uint64_t cbc = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  const std::uint64_t ecb = driver.create_cipher(kAesEcb, kKey128, kEncrypt);
  const std::uint64_t ctr = driver.create_cipher(kAesCtr, kKey128, kEncrypt);
  const std::size_t length = GENERATE(0U, 1U, 15U, 16U, 17U, 31U, 32U, 33U);
  const Bytes text(kPlain.begin(), kPlain.begin() + static_cast<std::ptrdiff_t>(length));
  const std::uint8_t for_blocks = length % 16 == 0 ? kOk : kErr;
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, cbc, kIv, text)).status() == for_blocks);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, ecb, {}, text)).status() == for_blocks);
  const Answer stream = driver.call(0, CryptoDriver::cipher(kCipherEncrypt, ctr, kCounter, text));
  CHECK(stream.status() == kOk);
  const Bytes expected = vectors()[5].cipher;
  CHECK(front(stream, length) ==
        Bytes(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(length)));
}

TEST_CASE("CIPHER: room behind the result is cleared, memory behind the room is left alone",
          "[crypto][standard][A-02]") {
  CryptoDriver driver;
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  const Bytes block(kPlain.begin(), kPlain.begin() + 16);
  // 16 bytes of result, room announced for 20, 24 writable before the status.
  Request request;
  request.readable(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 16, 20))
      .readable(kIv)
      .readable(block);
  const Answer answer = driver.call(0, request.writable(24).writable(1));
  CHECK(answer.status() == kOk);
  const Bytes expected = vectors()[2].cipher;
  CHECK(front(answer, 16) == Bytes(expected.begin(), expected.begin() + 16));
  CHECK(Bytes(answer.written.begin() + 16, answer.written.begin() + 20) == Bytes(4));
  CHECK(Bytes(answer.written.begin() + 20, answer.written.begin() + 24) == Bytes(4, std::byte{0xEE}));
  CHECK(answer.used_length == 20);
}

TEST_CASE("CIPHER: surplus readable bytes are ignored", "[crypto][standard][A-03]") {
  CryptoDriver driver;
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  Request request;
  request.readable(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 16, 16))
      .readable(kIv)
      .readable(kPlain);
  const Answer answer = driver.call(0, request.writable(16).writable(1));
  CHECK(answer.status() == kOk);
  const Bytes expected = vectors()[2].cipher;
  CHECK(front(answer, 16) == Bytes(expected.begin(), expected.begin() + 16));
}

TEST_CASE("CIPHER: lengths that do not fit are errors, and the next request works",
          "[crypto][standard][hostile][CVE-2023-3180]") {
  CryptoDriver driver;
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  struct Case {
    std::uint32_t iv, source, destination;
  };
  const Case bad = GENERATE(Case{16, 64, 63}, Case{16, 65, 64}, Case{16, 64, 0}, Case{16, 0xFFFF'FFF0, 64},
                            Case{16, 64, 0xFFFF'FFFF}, Case{0xFFFF'FFFF, 64, 64},
                            Case{0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF}, Case{15, 64, 64}, Case{17, 64, 64},
                            Case{0, 64, 64}, Case{16, 80, 80}, Case{16, 64, 80});
  INFO("iv " << bad.iv << " source " << bad.source << " destination " << bad.destination);
  Request request;
  request.readable(CryptoDriver::cipher_header(kCipherEncrypt, session, bad.iv, bad.source, bad.destination));
  request.readable(kIv).readable(kPlain).writable(64).writable(1);
  const Answer answer = driver.call(0, request);
  CHECK(answer.status() == kErr);
  CHECK(answer.used_length >= 1);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, session, kIv, kPlain)).status() == kOk);
}

TEST_CASE("CIPHER: max_size bounds a request", "[crypto][standard][A-21]") {
  auto options = polled_device();
  options.max_size = 1040;
  CryptoDriver driver(options);
  std::uint64_t max_size = 0;
  std::memcpy(&max_size, driver.pci().read_device_config(48, 8).data(), 8);
  CHECK(max_size == 1040);
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, session, kIv, Bytes(512))).status() == kOk);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, session, kIv, Bytes(528))).status() == kErr);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, session, kIv, Bytes(512))).status() == kOk);
}

TEST_CASE("CIPHER: direction of session and request must agree", "[crypto][standard][A-23]") {
  CryptoDriver driver;
  const std::uint64_t encrypt = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  const std::uint64_t decrypt = driver.create_cipher(kAesCbc, kKey128, kDecrypt);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherDecrypt, encrypt, kIv, kPlain)).status() == kErr);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, decrypt, kIv, kPlain)).status() == kErr);
}

TEST_CASE("CIPHER: op_type that does not exist is not supported", "[crypto][standard][A-24]") {
  CryptoDriver driver;
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  const std::uint32_t op_type = GENERATE(0U, 3U, 0xFFFF'FFFFU);
  CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, kKey128, kEncrypt, op_type)).status == kNotSupp);
  Request request;
  request.readable(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 64, 64, op_type))
      .readable(kIv)
      .readable(kPlain);
  CHECK(driver.call(0, request.writable(64).writable(1)).status() == kNotSupp);
}

TEST_CASE("CIPHER: a request cut anywhere is an error", "[crypto][standard][hostile]") {
  CryptoDriver driver;
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  Wire whole;
  whole.bytes(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 16, 16)).bytes(kIv).zeros(16);
  for (std::size_t length = 1; length < whole.done().size(); ++length) {
    INFO("cut to " << length);
    Request request;
    request.readable(std::span(whole.done()).first(length)).writable(17);
    CHECK(driver.call(0, request).status() == kErr);
  }
  Request request;
  CHECK(driver.call(0, request.readable(whole).writable(17)).status() == kOk);
}

TEST_CASE("CIPHER: without room for the result only the status is written", "[crypto][standard][hostile]") {
  CryptoDriver driver;
  const std::uint64_t session = driver.create_cipher(kAesCbc, kKey128, kEncrypt);
  for (std::size_t room = 1; room <= 16; ++room) {
    Request request;
    request.readable(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 16, 16))
        .readable(kIv)
        .readable(Bytes(16));
    CHECK(driver.call(0, request.writable(room)).status() == kErr);
  }
  Request none;
  none.readable(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 16, 16))
      .readable(kIv)
      .readable(Bytes(16));
  const Answer answer = driver.call(0, none);
  CHECK(answer.used_length == 0);
  CHECK(answer.written.empty());
}
