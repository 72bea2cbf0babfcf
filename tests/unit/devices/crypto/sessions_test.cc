// Control queue and sessions of the standard device, through the rings.
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "virtcrypt/crypto/sanitizers.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

Request raw_control(std::uint32_t opcode, std::size_t fixed_bytes, std::size_t writable) {
  Wire wire;
  wire.le32(opcode).le32(0).le32(0).le32(0).zeros(fixed_bytes);
  Request request;
  request.readable(wire);
  if (writable > 0) request.writable(writable);
  return request;
}

// A request for a session of AES-CBC up to the key, which is said to have `key_bytes`.
Wire aes_creation(std::uint32_t key_bytes) {
  Wire wire;
  wire.le32(kCipherCreate).le32(0).le32(0).le32(0);
  wire.le32(kAesCbc).le32(key_bytes).le32(kEncrypt).zeros(36).le32(1).le32(0);
  return wire;
}

// Memory of this process that is in RAM.
std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("Sessions: key lengths that the algorithm does not have are errors", "[crypto][standard]") {
  CryptoDriver driver;
  for (std::size_t bytes = 0; bytes <= 80; ++bytes) {
    INFO("key of " << bytes);
    const bool good = bytes == 16 || bytes == 24 || bytes == 32;
    CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, Bytes(bytes), kEncrypt)).status ==
          (good ? kOk : kErr));
  }
}

TEST_CASE("Sessions: a key length beyond the request is an error", "[crypto][standard][hostile]") {
  CryptoDriver driver;
  const std::uint32_t claimed = GENERATE(24U, 32U, 33U, 0x7FFF'FFFFU, 0xFFFF'FFFFU);
  Request request;
  CHECK(driver.create(request.readable(aes_creation(claimed)).readable(Bytes(16)).writable(16)).status ==
        kErr);
}

TEST_CASE("Sessions: bad direction is an error", "[crypto][standard]") {
  CryptoDriver driver;
  const std::uint32_t op = GENERATE(0U, 3U, 0xFFFF'FFFFU);
  CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, Bytes(16), op)).status == kErr);
}

TEST_CASE("Sessions: ids are not 0, differ, and are never used again", "[crypto][standard][A-30]") {
  CryptoDriver driver;
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
    CHECK(id != 0);
    CHECK(ids.insert(id).second);
    REQUIRE(driver.destroy_session(kCipherDestroy, id) == kOk);
  }
}

TEST_CASE("Sessions: closing what is not open is an error and no more",
          "[crypto][standard][hostile][QEMU-2274]") {
  CryptoDriver driver;
  const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
  REQUIRE(driver.destroy_session(kCipherDestroy, id) == kOk);
  CHECK(driver.destroy_session(kCipherDestroy, id) == kErr);  // twice
  for (const std::uint64_t bad : {std::uint64_t{0}, id + 1, id + 64, std::uint64_t{1} << 63, UINT64_MAX}) {
    CHECK(driver.destroy_session(kCipherDestroy, bad) == kErr);
  }
  CHECK(driver.create_cipher(kAesCbc, Bytes(16), kEncrypt) != 0);
}

TEST_CASE("Sessions: a session belongs to its service", "[crypto][standard][A-17]") {
  CryptoDriver driver;
  const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
  for (const std::uint32_t opcode : {0x0103U, 0x0203U, 0x0303U, kAkcipherDestroy}) {
    CHECK(driver.destroy_session(opcode, id) == kErr);
  }
  for (const std::uint32_t opcode : {kAkcipherEncrypt, kAkcipherDecrypt, kAkcipherSign, kAkcipherVerify}) {
    CHECK(driver.call(0, CryptoDriver::akcipher(opcode, id, Bytes(16), opcode == kAkcipherVerify ? 0 : 16))
              .status() == kInvSess);
  }
  CHECK(driver.destroy_session(kCipherDestroy, id) == kOk);
}

TEST_CASE("Sessions: data requests on sessions that do not exist", "[crypto][standard]") {
  CryptoDriver driver;
  const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
  REQUIRE(driver.destroy_session(kCipherDestroy, id) == kOk);
  for (const std::uint64_t bad : {std::uint64_t{0}, std::uint64_t{1}, id, id + 1, id + 64, UINT64_MAX}) {
    const Answer answer = driver.call(0, CryptoDriver::cipher(kCipherEncrypt, bad, Bytes(16), Bytes(32)));
    CHECK(answer.status() == kInvSess);
    CHECK(answer.used_length == 33);
    CHECK(Bytes(answer.written.begin(), answer.written.end() - 1) == Bytes(32));
  }
}

TEST_CASE("Sessions: when all are taken, creating fails until one is closed", "[crypto][standard][A-18]") {
  auto options = polled_device();
  options.max_sessions = 4;
  CryptoDriver driver(options);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 4; ++i)
    ids.push_back(driver.create_cipher(kAesCbc, Bytes(16), kEncrypt));
  for (int i = 0; i < 3; ++i) {
    // NOSPC needs REVISION_1.
    CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, Bytes(16), kEncrypt)).status == kErr);
  }
  CHECK(driver.destroy_session(kCipherDestroy, ids[2]) == kOk);
  CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, Bytes(16), kEncrypt)).status == kOk);
  CHECK(driver.device().stats().sessions_open == 4);
}

TEST_CASE("Sessions: a reset drops them all", "[crypto][standard][A-30]") {
  CryptoDriver driver;
  const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
  driver.reset();
  CHECK(driver.device().stats().sessions_open == 0);
  REQUIRE(driver.start());
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, Bytes(16), Bytes(16))).status() == kInvSess);
}

TEST_CASE("Control queue: opcodes that do not exist are not supported", "[crypto][standard][A-19]") {
  CryptoDriver driver;
  const std::uint32_t opcode = GENERATE(0x0000U, 0x0004U, 0x0402U, 0x0502U, 0x0602U, 0xFFFF'FFFFU);
  CHECK(driver.create(raw_control(opcode, 56, 16)).status == kNotSupp);
  const Answer one_byte = driver.call(1, raw_control(opcode, 56, 1));
  CHECK(one_byte.status() == kNotSupp);
  CHECK(one_byte.used_length == 1);
}

TEST_CASE("Control queue: a request cut anywhere is an error", "[crypto][standard][hostile]") {
  CryptoDriver driver;
  Wire whole = aes_creation(16);
  whole.zeros(16);
  for (std::size_t length = 1; length < whole.done().size(); ++length) {
    INFO("cut to " << length);
    Request request;
    CHECK(driver.create(request.readable(std::span(whole.done()).first(length)).writable(16)).status == kErr);
  }
  CHECK(driver.device().stats().sessions_open == 0);
}

TEST_CASE("Control queue: without room for the outcome nothing is done", "[crypto][standard][hostile]") {
  CryptoDriver driver;
  Wire wire = aes_creation(16);
  wire.zeros(16);
  for (std::size_t room = 0; room < 16; ++room) {
    Request request;
    request.readable(wire);
    if (room > 0) request.writable(room);
    CHECK(driver.call(1, request).used_length == 0);
  }
  CHECK(driver.device().stats().sessions_open == 0);
}

TEST_CASE("Control queue: more bad requests than the queue is long, then a good one",
          "[crypto][standard][hostile][CH-8401]") {
  CryptoDriver driver;
  for (int i = 0; i < 200; ++i) {
    CHECK(driver.call(1, raw_control(0xFFFF, 0, 0)).used_length == 0);
    CHECK(driver.call(0, CryptoDriver::cipher(0xFFFF, 0, {}, {})).status() == kNotSupp);
  }
  const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, Bytes(16), Bytes(16))).status() == kOk);
}

TEST_CASE("Data queue: a bad request between two good ones: all three are answered",
          "[crypto][standard][hostile]") {
  CryptoDriver driver;
  const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
  const Request good = CryptoDriver::cipher(kCipherEncrypt, id, Bytes(16), Bytes(16));
  const std::uint16_t first = driver.submit(0, good);
  const std::uint16_t bad =
      driver.submit(0, CryptoDriver::cipher(kCipherEncrypt, id + 1, Bytes(16), Bytes(16)));
  const std::uint16_t last = driver.submit(0, good);
  CHECK(driver.wait(0, first).status() == kOk);
  CHECK(driver.wait(0, bad).status() == kInvSess);
  CHECK(driver.wait(0, last).status() == kOk);
}

TEST_CASE("Sessions: 10^5 refused creates leave memory as it was", "[crypto][standard][QEMU-2283]") {
  CryptoDriver driver;
  const Request bad_key = CryptoDriver::cipher_create(kAesCbc, Bytes(15), kEncrypt);
  const Request bad_der = CryptoDriver::akcipher_create(1, 1, 5, Bytes(40, std::byte{0x30}));
  for (int i = 0; i < 50'000; ++i) {
    REQUIRE(driver.create(bad_key).status == kErr);
    REQUIRE(driver.create(bad_der).status == kErr);
  }
  CHECK(driver.device().stats().sessions_open == 0);
}

TEST_CASE("Sessions: 100,000 created, used and destroyed, one after the other, without growth",
          "[crypto][standard][many]") {
  constexpr int kSessions = kSanitized ? 10'000 : 100'000;
  CryptoDriver driver;
  const auto round = [&driver] {
    const std::uint64_t id = driver.create_cipher(kAesCbc, Bytes(16), kEncrypt);
    REQUIRE(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, Bytes(16), Bytes(32))).status() == kOk);
    REQUIRE(driver.destroy_session(kCipherDestroy, id) == kOk);
  };
  for (int i = 0; i < 1000; ++i)
    round();
  const std::size_t before = resident_bytes();
  for (int i = 0; i < kSessions; ++i)
    round();
  CHECK(driver.device().stats().sessions_open == 0);
  // Sanitizers keep freed memory for a while.
  if (!kSanitized) CHECK(resident_bytes() < before + (1 << 20));
}

TEST_CASE("Sessions: 100,000 open at once, each usable, one more refused", "[crypto][standard][many]") {
  constexpr std::size_t kSessions = kSanitized ? 10'000 : 100'000;
  auto options = polled_device();
  options.max_sessions = kSessions;
  CryptoDriver driver(options);
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 0; i < kSessions; ++i)
    ids.push_back(driver.create_cipher(kAesCbc, Bytes(16, std::byte(i & 0xFF)), kEncrypt));
  CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, Bytes(16), kEncrypt)).status == kErr);
  const Bytes text(32);
  std::vector<Answer> by_key;
  for (std::size_t i = 0; i < 256; ++i)
    by_key.push_back(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, ids[i], Bytes(16), text)));
  for (std::size_t i = 0; i < kSessions; ++i) {
    const Answer answer = driver.call(0, CryptoDriver::cipher(kCipherEncrypt, ids[i], Bytes(16), text));
    REQUIRE(answer.written == by_key[i & 0xFF].written);
  }
  for (const std::uint64_t id : ids)
    REQUIRE(driver.destroy_session(kCipherDestroy, id) == kOk);
  CHECK(driver.device().stats().sessions_open == 0);
}

TEST_CASE("Sessions: none serves or is closed by another service", "[crypto][standard][A-17][DPDK-636]") {
  CryptoDriver driver;
  const std::vector<Work> set = request_set(1);
  // One work a service, by the opcode that destroys its sessions.
  std::map<std::uint32_t, const Work*> services;
  for (const Work& work : set)
    services[work.destroy_opcode] = &work;
  REQUIRE(services.size() == 5);
  for (const auto& [opcode, work] : services) {
    const auto created = driver.create(work->create(Layout::kPadded));
    REQUIRE(created.status == kOk);
    for (const auto& [other_opcode, other] : services) {
      if (other_opcode == opcode) continue;
      INFO(work->name << " and " << other->name);
      CHECK(driver.call(0, other->request({Layout::kPadded, created.id})).status() == kInvSess);
      CHECK(driver.destroy_session(other_opcode, created.id) == kErr);
    }
    CHECK(driver.call(0, work->request({Layout::kPadded, created.id})).status() == kOk);
    CHECK(driver.destroy_session(opcode, created.id) == kOk);
  }
}
