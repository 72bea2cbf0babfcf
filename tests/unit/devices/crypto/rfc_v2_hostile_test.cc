// Everything that a driver of the draft can get wrong: answered with the status that the draft names, logged
// once with field and value, and no harm done.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/driver/rfc_v2_bad_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rfc_v2;

namespace {

constexpr std::uint32_t kAesCbc = 3, kSha256 = 4, kHmacSha256 = 4, kGcm = 1;

// The device still works.
void check_usable(Bench& bench) {
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(bench.result(cbc_data(id)) == cbc_result());
  CHECK(bench.close(id) == kOk);
}

void check_logged(LogCapture& log, const std::string& expected) {
  const std::vector<std::string> lines = log.take();
  INFO("expected: " << expected);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().find("debug crypto0: ") == 0);
  CHECK(lines.front().find(expected) != std::string::npos);
}

}  // namespace

TEST_CASE("RFC v2: bad sessions are refused, logged once, and leave the device usable",
          "[crypto][rfc-v2][hostile]") {
  for (const BadSession& bad : bad_sessions()) {
    INFO(bad.logged);
    Bench bench;
    LogCapture log;
    const Answer answer = bench.driver.call(1, create(bad.session));
    CHECK(answer.used_length == 9);
    CHECK(answer.written == joined(Bytes(1, std::byte{kErr}), Bytes(8)));
    check_logged(log, "controlq: " + bad.logged);
    CHECK(bench.driver.device().stats().sessions_open == 0);
    check_usable(bench);
  }
}

TEST_CASE("RFC v2: bad data requests are refused, logged once, and leave the device usable",
          "[crypto][rfc-v2][hostile][D6]") {
  for (const BadData& bad : bad_data()) {
    INFO(bad.logged);
    Bench bench;
    Data data = cbc_data(bench.open(bad.session));
    bad.change(data);
    LogCapture log;
    const Answer answer = bench.call(data);
    CHECK(answer.status() == kErr);
    CHECK(answer.used_length == writable_bytes(data));
    CHECK(part(answer.written, 0, answer.written.size() - 1) == Bytes(answer.written.size() - 1));
    check_logged(log, "dataq0: " + bad.logged);
    check_usable(bench);
  }
}

TEST_CASE("RFC v2: what the log says holds no key and no text", "[crypto][rfc-v2][hostile]") {
  Bench bench;
  LogCapture log;
  CHECK(bench.create(cipher_session(kAesCbc, from_hex("deadbeefdeadbeefdeadbeefdeadbe"), kEncrypt)).status ==
        kErr);
  for (const std::string& line : log.take()) {
    CHECK(line.find("dead") == std::string::npos);
    CHECK(line.find("222") == std::string::npos);  // 0xde
  }
}

TEST_CASE("RFC v2: unknown control types", "[crypto][rfc-v2][hostile][G-25]") {
  Bench bench;
  LogCapture log;
  const auto type = static_cast<std::uint8_t>(GENERATE(0, 3, 255));
  for (const std::size_t room : {1U, 8U, 9U, 20U}) {
    Wire wire;
    Request request;
    const Answer answer = bench.driver.call(1, request.readable(wire.byte(type).zeros(60)).writable(room));
    CHECK(answer.used_length == room);
    CHECK(answer.written == joined(Bytes(1, std::byte{kErr}), Bytes(room - 1)));
    check_logged(log, "controlq: type " + std::to_string(type) + ":");
  }
  check_usable(bench);
}

TEST_CASE("RFC v2: control requests without room for their answer do nothing", "[crypto][rfc-v2][hostile]") {
  Bench bench;
  for (std::size_t room = 0; room < 9; ++room) {
    Request request;
    request.readable(create_bytes(cbc_session()));
    if (room > 0) request.writable(room);
    const Answer answer = bench.driver.call(1, request);
    CHECK(answer.used_length == room);
    if (room > 0) CHECK(answer.written == joined(Bytes(1, std::byte{kErr}), Bytes(room - 1)));
  }
  CHECK(bench.driver.device().stats().sessions_open == 0);
  const std::uint64_t id = bench.open(cbc_session());
  Request close_without_room;
  CHECK(bench.driver.call(1, close_without_room.readable(close_bytes(id))).used_length == 0);
  CHECK(bench.close(id) == kOk);
  Request only_room;
  CHECK(bench.driver.call(1, only_room.writable(9)).written.front() == std::byte{kErr});
}

TEST_CASE("RFC v2: closing twice, and what was never open", "[crypto][rfc-v2][hostile][G-23][G-24]") {
  Bench bench;
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(bench.close(id) == kOk);
  LogCapture log;
  CHECK(bench.close(id) == kErr);
  check_logged(log, "controlq: session_id " + std::to_string(id) + ":");
  for (const std::uint64_t bad : {std::uint64_t{0}, id + 1, id + 64, UINT64_MAX})
    CHECK(bench.close(bad) == kErr);
  CHECK(bench.call(cbc_data(id)).status() == kErr);
  check_usable(bench);
}

TEST_CASE("RFC v2: when all sessions are taken, creating fails until one is closed",
          "[crypto][rfc-v2][hostile][G-26]") {
  auto options = draft_device();
  options.max_sessions = 3;
  Bench bench(options);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 3; ++i)
    ids.push_back(bench.open(cbc_session()));
  CHECK(bench.create(cbc_session()).status == kErr);
  CHECK(bench.create(cbc_session()).id == 0);
  CHECK(bench.result(cbc_data(ids[1])) == cbc_result());
  CHECK(bench.close(ids[0]) == kOk);
  CHECK(bench.create(cbc_session()).status == kOk);
}

TEST_CASE("RFC v2: keys and requests longer than the host allows", "[crypto][rfc-v2][hostile][G-36]") {
  auto options = draft_device();
  options.max_size = 100;
  options.max_cipher_key_bytes = 24;
  options.max_auth_key_bytes = 10;
  Bench bench(options);
  CHECK(bench.create(cipher_session(kAesCbc, Bytes(32), kEncrypt)).status == kErr);
  CHECK(bench.create(aead_session(kGcm, Bytes(32), kEncrypt, 16)).status == kErr);
  CHECK(bench.create(mac_session(kHmacSha256, Bytes(11), 32)).status == kErr);
  CHECK(bench.create(mac_session(kHmacSha256, {}, 32)).status == kOk);
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(bench.call(cbc_data(id)).status() == kOk);
  Data big = cbc_data(id);
  big.destination = 53;  // 48 readable and 53 writable ones
  CHECK(bench.call(big).status() == kErr);
  big.destination = 52;
  CHECK(bench.call(big).status() == kOk);
}

TEST_CASE("RFC v2: requests cut at every byte", "[crypto][rfc-v2][hostile]") {
  const bool packed = GENERATE(false, true);
  Bench bench(draft_device(), draft_driver(0, packed));
  const Bytes create =
      create_bytes(chain_session(kCipherThenHash, cipher_session(kAesCbc, Bytes(16), kEncrypt),
                                 mac_session(kHmacSha256, Bytes(10), 32)));
  for (std::size_t bytes = 1; bytes < create.size(); ++bytes) {
    INFO("create cut to " << bytes);
    Request cut;
    const Answer answer = bench.driver.call(1, cut.readable(part(create, 0, bytes)).writable(9));
    CHECK(answer.written == joined(Bytes(1, std::byte{kErr}), Bytes(8)));
  }
  const std::uint64_t id = bench.open(cbc_session());
  const Bytes close = close_bytes(id);
  for (std::size_t bytes = 1; bytes < close.size(); ++bytes) {
    Request cut;
    CHECK(bench.driver.call(1, cut.readable(part(close, 0, bytes)).writable(1)).status() == kErr);
  }
  const Bytes data = readable_bytes(cbc_data(id));
  for (std::size_t bytes = 1; bytes < data.size(); ++bytes) {
    INFO("data cut to " << bytes);
    Request cut;
    const Answer answer = bench.driver.call(0, cut.readable(part(data, 0, bytes)).writable(33));
    CHECK(answer.used_length == 33);
    CHECK(answer.written == joined(Bytes(32), Bytes(1, std::byte{kErr})));
  }
  for (std::size_t room = 1; room < 33; ++room) {
    Request cut;
    CHECK(bench.driver.call(0, cut.readable(data).writable(room)).status() == kErr);
  }
  CHECK(bench.driver.device().stats().sessions_open == 1);
  check_usable(bench);
}

TEST_CASE("RFC v2: missing descriptors", "[crypto][rfc-v2][hostile]") {
  Bench bench;
  const std::uint64_t id = bench.open(cbc_session());
  LogCapture log;
  Request read_only;
  CHECK(bench.driver.call(0, read_only.readable(readable_bytes(cbc_data(id)))).used_length == 0);
  check_logged(log, "dataq0: writable bytes 0:");
  Request write_only;
  CHECK(bench.driver.call(0, write_only.writable(33)).status() == kErr);
  check_logged(log, "dataq0: readable bytes 0:");
  check_usable(bench);
}

TEST_CASE("RFC v2: what is not relevant is ignored", "[crypto][rfc-v2][G-09][G-21][G-22]") {
  Bench bench;
  Session cipher = cbc_session();
  cipher.hash_alg = cipher.hash_mode = cipher.result_len = cipher.auth_key_len = UINT32_MAX;
  cipher.chain_order = 9;
  cipher.verify_digest = 77;
  Data data = cbc_data(bench.open(cipher));
  data.header.hash_start = data.header.hash_len = data.header.auth_len = data.header.auth_offset = UINT32_MAX;
  data.memory.resize(1000);  // more than source_len says
  CHECK(bench.result(data) == cbc_result());

  Session hash = hash_session(kSha256, 32);
  hash.cipher_alg = hash.key_len = UINT32_MAX;
  hash.op = 9;
  hash.auth_key_len = 77;
  Data text = data_of(bench.open(hash), {}, Bytes(3), {}, 5, 32);
  text.header.iv_len = text.header.iv_offset = text.header.cipher_start = text.header.cipher_len = UINT32_MAX;
  const Bytes result = bench.result(text);
  CHECK(part(result, 0, 5) == Bytes(5));
  CHECK(part(result, 5, 32) == from_hex("709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"));
}
