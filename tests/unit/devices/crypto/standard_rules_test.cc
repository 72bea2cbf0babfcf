// What the specification leaves open, decided in docs/device.md: one test for each number. Those of AEAD and
// of chains have files of their own.
#include <cstdint>
#include <random>
#include <utility>

#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"
#include "tests/unit/devices/crypto/standard_rules.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rules;

TEST_CASE("A-01: a full writable part is reported, on success and on error", "[crypto][standard][A-01]") {
  CryptoDriver driver;
  const Target target = session(driver, Layout::kPadded, HashSubject{kSha256, 32});
  CHECK(driver.call(0, hash_request(target, {}, kText, 32)).used_length == 33);
  CHECK(driver.call(0, hash_request(target, {}, kText, 33)).used_length == 34);  // too long a digest: ERR
  const Target sealed = session(driver, Layout::kPadded, gcm());
  CHECK(driver.call(0, aead_request(sealed, gcm(), kIv12, kText, {}, 64)).used_length == 65);
  const Target chained = session(driver, Layout::kPadded, cbc_hmac());
  CHECK(driver.call(0, chain_request(chained, cbc_hmac(), whole_text())).used_length == 81);
}

TEST_CASE("A-02: the status is the last writable byte, what was not announced is left alone",
          "[crypto][standard][A-02]") {
  CryptoDriver driver;
  const Target target = session(driver, Layout::kPadded, HashSubject{kSha256, 32});
  Wire wire;
  wire.le32(kHashOpcode).le32(0).le64(target.session).le64(0).le32(0).le32(32).zeros(40);
  Request request;
  request.readable(wire).writable(40).writable(1);
  const Answer answer = driver.call(0, request);
  CHECK(answer.status() == kOk);
  CHECK(Bytes(answer.written.begin() + 32, answer.written.begin() + 40) == Bytes(8, std::byte{0xEE}));
  CHECK(answer.used_length == 32);
}

TEST_CASE("A-03: surplus readable bytes are ignored", "[crypto][standard][A-03]") {
  for (const Layout layout : {Layout::kPadded, Layout::kRevision1, Layout::kStateless}) {
    CryptoDriver driver(polled_device(), with(layout));
    Target target{layout, 0};
    if (layout != Layout::kStateless) target = session(driver, layout, HashSubject{kSha256, 32});
    const Answer exact = driver.call(0, hash_request(target, {kSha256, 32}, kText, 32));
    Request longer = hash_request(target, {kSha256, 32}, kText, 32);
    // A part that is appended comes behind the writable ones, so the request is written out.
    const Answer answer = driver.call(0, longer.insert_readable(Bytes(100, std::byte{0x77})));
    CHECK(exact.status() == kOk);
    CHECK(answer.written == exact.written);
  }
}

TEST_CASE("A-08, A-10: with stateless mode negotiated the flag decides for each request",
          "[crypto][standard][A-08][A-10]") {
  CryptoDriver driver(polled_device(), with(Layout::kStateless));
  const Target target = session(driver, Layout::kRevision1, cbc());
  const Answer with_session = driver.call(0, cipher_request(target, cbc(), kIv16, kText, 48));
  const Answer without = driver.call(0, cipher_request({Layout::kStateless, 0}, cbc(), kIv16, kText, 48));
  CHECK(with_session.status() == kOk);
  CHECK(with_session.written == without.written);
  const Target sealed = session(driver, Layout::kRevision1, gcm());
  CHECK(driver.call(0, aead_request(sealed, gcm(), kIv12, kText, {}, 64)).written ==
        driver.call(0, aead_request({Layout::kStateless, 0}, gcm(), kIv12, kText, {}, 64)).written);
}

TEST_CASE("A-09: without a service's stateless mode its requests need a session, other flags are errors",
          "[crypto][standard][A-09]") {
  for (unsigned negotiated = 0; negotiated < 6; ++negotiated) {
    DriverOptions options;
    options.features |= 1 | (negotiated == 0 ? 0 : std::uint64_t{1} << negotiated);
    CryptoDriver driver(polled_device(), options);
    const Target stateless{Layout::kStateless, 0};
    INFO("feature " << negotiated);
    CHECK(status_of(driver, cipher_request(stateless, cbc(), kIv16, kText, 48)) ==
          (negotiated == 1 ? kOk : kNotSupp));
    CHECK(status_of(driver, hash_request(stateless, {kSha256, 32}, kText, 32)) ==
          (negotiated == 2 ? kOk : kNotSupp));
    CHECK(status_of(driver, mac_request(stateless, {kHmacSha256, 32, kKey}, kText, 32)) ==
          (negotiated == 3 ? kOk : kNotSupp));
    CHECK(status_of(driver, aead_request(stateless, gcm(), kIv12, kText, {}, 64)) ==
          (negotiated == 4 ? kOk : kNotSupp));
    // A key that is none: refused as such only where the request is looked at.
    const Bytes no_key(3);
    const RsaSubject bad{.key_type = 1, .padding = 0, .hash = 0, .key = no_key};
    CHECK(status_of(driver, akcipher_request(stateless, bad, kAkcipherEncrypt, kText, 128)) ==
          (negotiated == 5 ? kErr : kNotSupp));
  }
  CryptoDriver driver(polled_device(), with(Layout::kStateless));
  for (const std::uint32_t flag : {2U, 3U, 0x8000'0000U, 0xFFFF'FFFFU}) {
    Wire wire;
    wire.le32(kHashOpcode).le32(0).le64(0).le32(flag).le32(0).zeros(64);
    Request request;
    CHECK(status_of(driver, request.readable(wire).writable(33)) == kErr);
  }
}

TEST_CASE("A-11: ECDSA is number 2, and 3 is nothing", "[crypto][standard][A-11]") {
  CryptoDriver driver;
  CHECK(driver.pci().read(4, 44, 4) == 0b110);
  for (const std::uint32_t algorithm : {0U, 3U, 4U}) {
    CHECK(driver.create(CryptoDriver::akcipher_create(1, 0, 0, kKey, algorithm)).status == kNotSupp);
  }
}

TEST_CASE("A-14: the device never hashes, a digest has the length of its hash", "[crypto][standard][A-14]") {
  CryptoDriver driver;
  const Bytes key = from_hex(rsa_vectors::kPrivateKeyDer);
  const auto signer = [&](std::uint32_t hash) {
    return session(driver, Layout::kPadded,
                   RsaSubject{.key_type = 2, .padding = 1, .hash = hash, .key = key});
  };
  // MD2, MD4, MD5, SHA-1, SHA-256, SHA-384, SHA-512, SHA-224
  static const std::pair<std::uint32_t, std::size_t> kHashes[] = {{1, 16}, {3, 16}, {4, 16}, {5, 20},
                                                                  {6, 32}, {7, 48}, {8, 64}, {9, 28}};
  for (const auto& [hash, digest_bytes] : kHashes) {
    const Target target = signer(hash);
    for (const std::size_t bytes : {digest_bytes - 1, digest_bytes, digest_bytes + 1}) {
      INFO("hash " << hash << ", " << bytes << " bytes");
      CHECK(status_of(driver, akcipher_request(target, RsaSubject{}, kAkcipherSign, Bytes(bytes), 128)) ==
            (bytes == digest_bytes ? kOk : kErr));
    }
  }
  const Target bare = signer(0);
  for (const std::size_t bytes : {1U, 50U, 117U})
    CHECK(status_of(driver, akcipher_request(bare, RsaSubject{}, kAkcipherSign, Bytes(bytes), 128)) == kOk);
  CHECK(status_of(driver, akcipher_request(bare, RsaSubject{}, kAkcipherSign, Bytes(118), 128)) == kErr);
}

TEST_CASE("A-18: a full session table is NOSPC with REVISION_1, else ERR", "[crypto][standard][A-18]") {
  for (const Layout layout : {Layout::kPadded, Layout::kRevision1}) {
    auto device = polled_device();
    device.max_sessions = 2;
    CryptoDriver driver(device, with(layout));
    const Target kept = session(driver, layout, cbc());
    const Target other = session(driver, layout, HashSubject{kSha256, 32});
    CHECK(driver.create(create_request(layout, gcm())).status == (layout == Layout::kPadded ? kErr : kNoSpc));
    CHECK(driver.call(1, destroy_request(layout, 0x0103, other.session)).status() == kOk);
    CHECK(driver.create(create_request(layout, gcm())).status == kOk);
    CHECK(status_of(driver, cipher_request(kept, cbc(), kIv16, kText, 48)) == kOk);
  }
}

TEST_CASE("A-22: digest lengths from 1 to the session's and the algorithm's", "[crypto][standard][A-22]") {
  CryptoDriver driver;
  CHECK(driver.create(create_request(Layout::kPadded, HashSubject{kSha256, 0})).status == kErr);
  const Target whole = session(driver, Layout::kPadded, HashSubject{kSha256, 100});
  const Target cut = session(driver, Layout::kPadded, HashSubject{kSha256, 20});
  const Target mac = session(driver, Layout::kPadded, MacSubject{kHmacSha256, 12, kKey});
  const Bytes digest = output_of(driver.call(0, hash_request(whole, {}, kText, 32)));
  for (std::size_t bytes = 0; bytes <= 40; ++bytes) {
    INFO(bytes);
    const Answer answer = driver.call(0, hash_request(cut, {}, kText, bytes));
    const bool valid = bytes >= 1 && bytes <= 20;
    CHECK(answer.status() == (valid ? kOk : kErr));
    if (valid)
      CHECK(output_of(answer) == Bytes(digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(bytes)));
    CHECK(status_of(driver, hash_request(whole, {}, kText, bytes)) ==
          (bytes >= 1 && bytes <= 32 ? kOk : kErr));
    CHECK(status_of(driver, mac_request(mac, {}, kText, bytes)) == (bytes >= 1 && bytes <= 12 ? kOk : kErr));
  }
}

TEST_CASE("A-23, A-24: direction and op_type of session and request agree",
          "[crypto][standard][A-23][A-24]") {
  CryptoDriver driver;
  const Target cipher = session(driver, Layout::kPadded, cbc());
  const Target chain = session(driver, Layout::kPadded, cbc_hmac());
  const Target sealed = session(driver, Layout::kPadded, gcm());
  const ChainData data = whole_text();
  CHECK(status_of(driver, cipher_request(cipher, cbc(kDecrypt), kIv16, kText, 48)) == kErr);
  CHECK(status_of(driver, aead_request(sealed, gcm(kDecrypt), kIv12, kText, {}, 48)) == kErr);
  CHECK(status_of(driver, chain_request(cipher, cbc_hmac(), data)) == kErr);
  CHECK(status_of(driver, cipher_request(chain, cbc(), kIv16, kText, 48)) == kErr);
  CHECK(status_of(driver, chain_request(chain, cbc_hmac(), data)) == kOk);
  // Without a session: the opcode against the request's own field.
  CryptoDriver stateless(polled_device(), with(Layout::kStateless));
  Wire wire;
  wire.le32(kAeadEncryptOpcode).le32(0).le64(0).le64(0).le32(kGcm).le32(16).le32(kDecrypt).le32(12).le32(16);
  wire.le32(0).le32(48).le32(64).bytes(kKey).bytes(kIv12).bytes(kText);
  Request request;
  CHECK(status_of(stateless, request.readable(wire).writable(65)) == kErr);
}

TEST_CASE("A-28: the IV is never written", "[crypto][standard][A-28]") {
  CryptoDriver driver;
  const Target target = session(driver, Layout::kPadded, cbc());
  const Buffer iv = driver.keep(kIv16);
  Request request;
  request.readable(CryptoDriver::cipher_header(kCipherEncrypt, target.session, 16, 48, 48))
      .at(iv.address, 16, false)
      .readable(kText)
      .writable(48)
      .writable(1);
  REQUIRE(status_of(driver, request) == kOk);
  CHECK(Bytes(iv.bytes.begin(), iv.bytes.end()) == kIv16);
}

TEST_CASE("A-29: XTS keys are both keys together", "[crypto][standard][A-29]") {
  CryptoDriver driver;
  constexpr std::uint32_t kXts = 13;
  std::mt19937_64 random(1);
  for (std::size_t bytes = 0; bytes <= 80; ++bytes) {
    INFO(bytes);
    const Bytes key = random_bytes(random, bytes);
    const auto created = driver.create(
        create_request(Layout::kPadded, CipherSubject{.algorithm = kXts, .op = kEncrypt, .key = key}));
    CHECK(created.status == (bytes == 32 || bytes == 64 ? kOk : kErr));
  }
  CHECK(driver.pci().read(4, 36, 4) >= 64);
}

TEST_CASE("A-30: a session serves all data queues, and is gone everywhere when it is destroyed",
          "[crypto][standard][A-30][DPDK-close_session]") {
  CryptoDriver driver(polled_device(4));
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  for (std::uint16_t queue = 0; queue < 4; ++queue)
    CHECK(driver.call(queue, CryptoDriver::cipher(kCipherEncrypt, id, kIv16, kText)).status() == kOk);
  REQUIRE(driver.destroy_session(kCipherDestroy, id) == kOk);
  for (std::uint16_t queue = 0; queue < 4; ++queue)
    CHECK(driver.call(queue, CryptoDriver::cipher(kCipherEncrypt, id, kIv16, kText)).status() == kInvSess);
}

TEST_CASE("A-31: flag, reserved and the header's algorithm are ignored", "[crypto][standard][A-31]") {
  CryptoDriver driver;
  Wire wire;
  wire.le32(kCipherCreate).le32(0xFFFF'FFFF).le32(0xDEAD'BEEF).le32(0x1234'5678);
  wire.le32(kAesCbc).le32(16).le32(kEncrypt).le32(0xFFFF'FFFF).bytes(Bytes(32, std::byte{0xFF}));
  wire.le32(1).le32(0xFFFF'FFFF).bytes(kKey);
  Request create;
  const auto created = driver.create(create.readable(wire).writable(16));
  REQUIRE(created.status == kOk);
  Wire data;
  data.le32(kCipherEncrypt).le32(0xFFFF'FFFF).le64(created.id).le32(0xFFFF'FFFF).le32(0xFFFF'FFFF);
  data.le32(16).le32(48).le32(48).bytes(Bytes(28, std::byte{0xFF})).le32(1).le32(0xFFFF'FFFF);
  data.bytes(kIv16).bytes(kText);
  Request request;
  const Answer answer = driver.call(0, request.readable(data).writable(49));
  CHECK(answer.status() == kOk);
  const Target plain = session(driver, Layout::kPadded, cbc());
  CHECK(answer.written == driver.call(0, cipher_request(plain, cbc(), kIv16, kText, 48)).written);
}

TEST_CASE("A-32: feature bits 1 to 5 are the stateless modes, each of which needs REVISION_1",
          "[crypto][standard][A-32][FEAT-DEV-001]") {
  CryptoDriver probe;
  CHECK((probe.pci().offered() & 0b1111111) == 0b0111111);
  for (unsigned bit = 1; bit <= 5; ++bit) {
    DriverOptions options;
    options.features |= std::uint64_t{1} << bit;
    options.start = false;
    CryptoDriver alone(polled_device(), options);
    CHECK_FALSE(alone.start());
    options.features |= 1;
    CryptoDriver both(polled_device(), options);
    CHECK(both.start());
  }
}

TEST_CASE("A-33: op_type of a stateless symmetric request is read at +72", "[crypto][standard][A-33]") {
  CryptoDriver driver(polled_device(), with(Layout::kStateless));
  for (const std::uint32_t op_type : {0U, 1U, 2U, 3U}) {
    Wire wire;
    wire.le32(kCipherEncrypt).le32(0).le64(0).le64(0);
    wire.le32(kAesCbc).le32(16).le32(kEncrypt).le32(16).le32(48).le32(48).zeros(48).le32(op_type);
    wire.bytes(kKey).bytes(kIv16).bytes(kText);
    Request request;
    // As a chain the same bytes make no sense: the order does not exist, and the two aad_len differ.
    const int expected = op_type == 1 ? kOk : op_type == 2 ? kErr : kNotSupp;
    CHECK(status_of(driver, request.readable(wire).writable(49)) == expected);
  }
}

TEST_CASE("A-34: IPSEC is not offered, and its requests are not supported", "[crypto][standard][A-34]") {
  CryptoDriver driver;
  CHECK((driver.pci().read(4, 8, 4) & (1U << 5)) == 0);
  for (const std::uint32_t opcode : {0x0500U, 0x0501U}) {
    Wire wire;
    wire.le32(opcode).zeros(20).le32(16).le32(16).zeros(64);
    Request request;
    CHECK(status_of(driver, request.readable(wire).writable(17)) == kNotSupp);
  }
}

TEST_CASE("A-40: vectors 0 to N-1 can be mapped, N cannot", "[crypto][pci][A-40]") {
  CryptoDriver driver(polled_device(2));
  PciDriver& pci = driver.pci();
  constexpr std::uint32_t kNoVector = 0xFFFF;
  // Three queues and the configuration.
  const std::uint32_t control =
      driver.function().config_read(static_cast<std::uint16_t>(pci.msix_capability() + 2), 2);
  CHECK((control & 0x7FF) == 3);
  for (const std::uint32_t vector : {0U, 3U}) {
    pci.write_common(common::kConfigVector, 2, vector);
    CHECK(pci.read_common(common::kConfigVector, 2) == vector);
  }
  for (const std::uint32_t vector : {4U, 5U, 0x7FFU, 0xFFFEU}) {
    pci.write_common(common::kConfigVector, 2, vector);
    CHECK(pci.read_common(common::kConfigVector, 2) == kNoVector);
  }
}

TEST_CASE("A-42: an AES-F8 key is followed by a mask of the same length", "[crypto][standard][A-42]") {
  CryptoDriver driver;
  constexpr std::uint32_t kAesF8 = 12;
  for (std::size_t bytes = 0; bytes <= 80; ++bytes) {
    INFO(bytes);
    const Bytes key(bytes, std::byte{7});
    const auto created = driver.create(
        create_request(Layout::kPadded, CipherSubject{.algorithm = kAesF8, .op = kEncrypt, .key = key}));
    CHECK(created.status == (bytes == 32 || bytes == 48 || bytes == 64 ? kOk : kErr));
  }
}
