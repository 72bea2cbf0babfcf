// What a trace says of requests in every layout, and what it must not say.
#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "tests/driver/crypto_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using devices::crypto_dev::RequestTrace;

// A device whose requests are written down.
struct Traced {
  explicit Traced(bool payload = false, std::uint64_t features = 0, std::size_t workers = 0)
      : driver(options(payload, workers), {.features = DriverOptions{}.features | features}) {}

  devices::crypto_dev::DeviceOptions options(bool payload, std::size_t workers) {
    auto device = polled_device();
    device.workers = workers;
    device.max_sessions = 1000;
    device.trace =
        std::make_shared<RequestTrace>([this](std::string_view text) { texts.emplace_back(text); }, payload);
    return device;
  }
  [[nodiscard]] const std::string& last() const { return texts.back(); }

  std::vector<std::string> texts;
  CryptoDriver driver;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A line with this offset, name and value.
bool has_field(const std::string& text, unsigned offset, std::string_view name, std::string_view value) {
  std::string line = "\n  ";
  line.append(4 - std::to_string(offset).size(), ' ').append(std::to_string(offset)).append(" ");
  line.append(name).append(28 - name.size(), ' ').append(" ").append(value).append("\n");
  return has(text, line);
}

const Bytes kKey = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
const Bytes kIv = from_hex("000102030405060708090a0b0c0d0e0f");
const Bytes kText = from_hex("6bc1bee22e409f96e93d7e117393172a");
constexpr const char* kResult = "7649abac8119b246cee98e9b12e9197d";  // SP 800-38A, F.2.1
constexpr std::uint64_t kAllStateless = 0x3F;

}  // namespace

TEST_CASE("Trace: a session and a request on it, field by field", "[crypto][trace]") {
  Traced traced;
  const std::uint64_t id = traced.driver.create_cipher(wire_number::kAesCbc, kKey, wire_number::kEncrypt);
  REQUIRE(traced.texts.size() == 1);
  CHECK(has(traced.last(), "crypto0 controlq chain "));
  CHECK(has(traced.last(), ": CIPHER_CREATE_SESSION\n"));
  CHECK(has(traced.last(), "readable 72+16, writable 16\n"));
  CHECK(has_field(traced.last(), 0, "opcode", "0x2 CIPHER_CREATE_SESSION"));
  CHECK(has_field(traced.last(), 16, "algo", "0x3 AES-CBC"));
  CHECK(has_field(traced.last(), 20, "key_len", "0x10"));
  CHECK(has_field(traced.last(), 24, "op", "0x1 encrypt"));
  CHECK(has_field(traced.last(), 64, "op_type", "0x1 CIPHER"));
  CHECK(has(traced.last(), "    72 cipher_key: 16 bytes, not shown\n"));
  CHECK(has(traced.last(), "-> done, used length 16, "));

  traced.driver.call(0, CryptoDriver::cipher(wire_number::kCipherEncrypt, id, kIv, kText));
  REQUIRE(traced.texts.size() == 2);
  CHECK(has(traced.last(), "crypto0 dataq0 chain "));
  CHECK(has(traced.last(), "readable 72+16+16, writable 16+1\n"));
  CHECK(has_field(traced.last(), 24, "iv_len", "0x10"));
  CHECK(has_field(traced.last(), 28, "src_data_len", "0x10"));
  CHECK(has_field(traced.last(), 64, "op_type", "0x1 CIPHER"));
  CHECK(has(traced.last(), "    72 iv: 16 bytes\n    88 src_data: 16 bytes\n"));
  CHECK(has(traced.last(), "-> done, used length 17, "));
}

// AKCIPHER's session opcodes are numbered differently from the others' (5.9.7).
TEST_CASE("Trace: an AKCIPHER session, field by field", "[crypto][trace]") {
  Traced traced;
  const Bytes key = from_hex(rsa_vectors::kPublicKeyDer);
  const auto created = traced.driver.create(CryptoDriver::akcipher_create(1, 1, 4, key));
  REQUIRE(created.status == wire_number::kOk);
  CHECK(has_field(traced.last(), 0, "opcode", "0x404 AKCIPHER_CREATE_SESSION"));
  CHECK(has_field(traced.last(), 20, "key_type", "0x1 public"));
  CHECK(has_field(traced.last(), 24, "key_len", fmt::format("{:#x}", key.size())));
  CHECK(has_field(traced.last(), 28, "padding_algo", "0x1"));
  CHECK(has_field(traced.last(), 32, "hash_algo", "0x4"));
  CHECK(has(traced.last(), fmt::format("    72 key: {} bytes, not shown\n", key.size())));

  traced.driver.destroy_session(wire_number::kAkcipherDestroy, created.id);
  CHECK(has_field(traced.last(), 0, "opcode", "0x405 AKCIPHER_DESTROY_SESSION"));
  CHECK(has_field(traced.last(), 16, "session_id", fmt::format("{:#x}", created.id)));
}

TEST_CASE("Trace: payload and keys only when asked for", "[crypto][trace]") {
  for (const bool payload : {false, true}) {
    Traced traced(payload);
    const std::uint64_t id = traced.driver.create_cipher(wire_number::kAesCbc, kKey, wire_number::kEncrypt);
    traced.driver.call(0, CryptoDriver::cipher(wire_number::kCipherEncrypt, id, kIv, kText));
    CHECK(has(traced.texts.front(), "2b7e151628aed2a6") == payload);
    CHECK(has(traced.last(), "0001020304050607") == payload);
    CHECK(has(traced.last(), "6bc1bee22e409f96") == payload);
    CHECK(has(traced.last(), std::string(kResult) + "00") == payload);
  }
}

TEST_CASE("Trace: what is refused says why, and what is cut short says so", "[crypto][trace]") {
  Traced traced;
  traced.driver.call(0, CryptoDriver::cipher(wire_number::kCipherEncrypt, 99, kIv, kText));
  CHECK(has(traced.last(), "-> no such session (session_id 99), used length"));
  Request cut;
  traced.driver.call(0, cut.readable(Bytes(10)).writable(1));
  CHECK(has(traced.last(), ": unknown\n"));
  CHECK(has(traced.last(), "the readable part ends within the fields\n"));
  CHECK(has(traced.last(), "-> refused"));
}

TEST_CASE("Trace: every request of the set is decoded in every layout", "[crypto][trace]") {
  const std::vector<Work> set = request_set(1);
  for (const Layout layout : {Layout::kPadded, Layout::kRevision1, Layout::kStateless}) {
    Traced traced(false, layout == Layout::kPadded ? 0 : kAllStateless);
    for (const Work& work : set) {
      INFO(work.name);
      std::uint64_t id = 0;
      if (layout != Layout::kStateless) {
        id = traced.driver.create(work.create(layout)).id;
        CHECK(has(traced.last(), "_CREATE_SESSION\n"));
        CHECK_FALSE(has(traced.last(), "unknown"));
      }
      traced.driver.call(0, work.request({.layout = layout, .session = id}));
      CHECK_FALSE(has(traced.last(), "unknown"));
      CHECK_FALSE(has(traced.last(), "ends within"));
      CHECK(has(traced.last(), "-> done"));
      // The last part ends where the readable bytes end, so every offset and length before it is right.
      const auto line = traced.last().find("readable ");
      std::uint64_t readable = 0;
      for (std::size_t at = line + 9; traced.last()[at - 1] != ',';) {
        std::size_t digits = 0;
        readable += std::stoull(traced.last().substr(at), &digits);
        at += digits + 1;
      }
      const auto last_part = traced.last().rfind(" bytes");
      const auto begin = traced.last().rfind('\n', last_part) + 1;
      const std::string part = traced.last().substr(begin, last_part - begin);
      CHECK(std::stoull(part) + std::stoull(part.substr(part.rfind(' '))) == readable);
    }
  }
}

TEST_CASE("Trace: a request that a reset drops is told of once, as dropped", "[crypto][trace][reset]") {
  Traced traced(false, 0, 1);
  const Bytes text(std::size_t{2} << 20);
  bool dropped = false;
  // A worker that is done before the reset is rare, and then the request is answered.
  for (int round = 0; round < 100 && !dropped; ++round) {
    const std::uint64_t id = traced.driver.create_cipher(wire_number::kAesCbc, kKey, wire_number::kEncrypt);
    const std::size_t before = traced.texts.size();
    traced.driver.submit(0, CryptoDriver::cipher(wire_number::kCipherEncrypt, id, kIv, text));
    traced.driver.device().run_ready();  // takes it off the ring and hands it to the worker
    traced.driver.reset();
    REQUIRE(traced.texts.size() == before + 1);
    CHECK(has_field(traced.last(), 28, "src_data_len", "0x200000"));
    dropped = has(traced.last(), "-> dropped by a reset, ");
    if (!dropped) CHECK(has(traced.last(), "-> done, "));
    REQUIRE(traced.driver.start());
  }
  CHECK(dropped);
}

TEST_CASE("Trace: the draft's requests", "[crypto][trace][rfc-v2]") {
  using namespace rfc_v2;
  std::vector<std::string> texts;
  auto options = draft_device();
  options.trace =
      std::make_shared<RequestTrace>([&texts](std::string_view text) { texts.emplace_back(text); });
  Bench bench(options);
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(has(texts.back(), ": CREATE_SESSION\n"));
  CHECK(has_field(texts.back(), 5, "cipher.alg", "0x3 AES-CBC"));
  CHECK(has(texts.back(), "    39 cipher key: 16 bytes, not shown\n"));
  bench.call(cbc_data(id));
  CHECK(has_field(texts.back(), 40, "source_len", "0x30"));
  CHECK(has(texts.back(), "    44 crypto data: 48 bytes\n"));
  CHECK(has(texts.back(), "-> done, used length 33, "));
  Data wrong = cbc_data(id);
  wrong.header.iv_len = 15;
  bench.call(wrong);
  CHECK(has(texts.back(), "-> refused (iv_len 15), "));
  bench.close(id);
  CHECK(has_field(texts.back(), 0, "type", "0x2"));
}
