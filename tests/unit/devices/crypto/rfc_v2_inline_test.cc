// INLINE_SESSION, our extension of the draft: sessions that are created and closed on the data queues.
#include <cstdint>

#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rfc_v2;

namespace {

Bench make_bench(std::uint64_t features = kFeatureInline, std::size_t max_sessions = 4) {
  auto options = draft_device(2, true);
  options.max_sessions = max_sessions;
  return Bench(options, draft_driver(features | kFeatureMq));
}

Data inline_data(std::uint32_t flags = 0, const Session& session = cbc_session()) {
  Data data = cbc_data(0);
  data.flags = flags;
  data.session = session;
  return data;
}

Data later(std::uint64_t id, std::uint32_t flags = 0) {
  Data data = cbc_data(id);
  data.flags = flags;
  return data;
}

// What stands before the status.
std::uint64_t id_in(const Answer& answer) {
  return le64_at(answer.written, answer.written.size() - 9);
}

std::uint64_t sessions(Bench& bench) {
  return bench.driver.device().stats().sessions_open;
}

}  // namespace

TEST_CASE("RFC v2 inline: a request brings its session, others use it, one ends it",
          "[crypto][rfc-v2][inline]") {
  Bench bench = make_bench();
  const Answer first = bench.call(inline_data());
  CHECK(first.status() == kOk);
  CHECK(first.used_length == 41);
  CHECK(part(first.written, 0, 32) == cbc_result());
  const std::uint64_t id = id_in(first);
  CHECK(id != 0);
  CHECK(bench.result(later(id), 1) == cbc_result());
  CHECK(bench.result(later(id, kEndOfSession), 1) == cbc_result());
  CHECK(sessions(bench) == 0);
  CHECK(bench.call(later(id)).status() == kErr);
  CHECK(bench.call(later(id, kEndOfSession)).status() == kErr);
  const auto stats = bench.driver.device().stats();
  CHECK(stats.sessions_created == 1);
  CHECK(stats.sessions_destroyed == 1);
}

TEST_CASE("RFC v2 inline: a session for one request alone", "[crypto][rfc-v2][inline]") {
  Bench bench = make_bench(kFeatureInline, 1);
  const std::uint64_t taken = bench.open(cbc_session());  // needs no place in the table
  for (int i = 0; i < 3; ++i) {
    const Answer answer = bench.call(inline_data(kEndOfSession));
    CHECK(answer.status() == kOk);
    CHECK(part(answer.written, 0, 32) == cbc_result());
    CHECK(id_in(answer) == 0);
  }
  CHECK(sessions(bench) == 1);
  // Where a place is needed there is none.
  const Answer full = bench.call(inline_data());
  CHECK(full.status() == kErr);
  CHECK(full.written == joined(Bytes(40), Bytes(1, std::byte{kErr})));
  CHECK(bench.close(taken) == kOk);
  CHECK(bench.call(inline_data()).status() == kOk);
}

TEST_CASE("RFC v2 inline: sessions of both queues are the same", "[crypto][rfc-v2][inline]") {
  Bench bench = make_bench();
  const std::uint64_t inline_id = id_in(bench.call(inline_data()));
  CHECK(bench.close(inline_id) == kOk);
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(bench.result(later(id, kEndOfSession)) == cbc_result());
  CHECK(bench.close(id) == kErr);
}

TEST_CASE("RFC v2 inline: a digest stands before the id", "[crypto][rfc-v2][inline]") {
  Bench bench = make_bench();
  constexpr std::uint32_t kSha256 = 4;
  Data data = data_of(0, {}, Bytes(3), {}, 0, 32);
  data.flags = 0;
  data.session = hash_session(kSha256, 32);
  const Answer answer = bench.call(data);
  CHECK(answer.status() == kOk);
  CHECK(part(answer.written, 0, 32) ==
        from_hex("709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"));
  CHECK(bench.close(id_in(answer)) == kOk);
}

TEST_CASE("RFC v2 inline: a session outlives a request that fails; one that is refused never was",
          "[crypto][rfc-v2][inline]") {
  Bench bench = make_bench();
  Data bad_range = inline_data();
  bad_range.header.iv_offset = 1000;
  const Answer kept = bench.call(bad_range);
  CHECK(kept.status() == kErr);
  CHECK(bench.result(later(id_in(kept))) == cbc_result());
  // Ended whatever the status.
  Data ending = later(id_in(kept), kEndOfSession);
  ending.header.iv_len = 3;
  CHECK(bench.call(ending).status() == kErr);
  CHECK(sessions(bench) == 0);
  constexpr std::uint32_t kAesCbc = 3;
  const Answer refused = bench.call(inline_data(0, cipher_session(kAesCbc, Bytes(15), kEncrypt)));
  CHECK(refused.written == joined(Bytes(40), Bytes(1, std::byte{kErr})));
  CHECK(sessions(bench) == 0);
}

TEST_CASE("RFC v2 inline: unknown flags, cuts and missing room do nothing",
          "[crypto][rfc-v2][inline][hostile]") {
  Bench bench = make_bench();
  const std::uint64_t id = bench.open(cbc_session());
  LogCapture log;
  CHECK(bench.call(later(id, 2)).status() == kErr);
  CHECK(log.take().at(0).find("dataq0: flags 2:") != std::string::npos);
  CHECK(bench.call(later(id, 0x8000'0001)).status() == kErr);
  CHECK(sessions(bench) == 1);
  const Bytes whole = readable_bytes(inline_data());
  for (std::size_t bytes = 1; bytes < whole.size() - 48; ++bytes) {
    INFO("cut to " << bytes);
    Request cut;
    CHECK(bench.driver.call(0, cut.readable(part(whole, 0, bytes)).writable(41)).status() == kErr);
  }
  for (std::size_t room = 1; room < 9; ++room) {
    Request cut;
    const Answer answer = bench.driver.call(0, cut.readable(whole).writable(room));
    CHECK(answer.written == joined(Bytes(room - 1), Bytes(1, std::byte{kErr})));
  }
  CHECK(sessions(bench) == 1);
}

TEST_CASE("RFC v2 inline: a device that is not ready neither creates nor ends",
          "[crypto][rfc-v2][inline][G-33]") {
  Bench bench = make_bench();
  const std::uint64_t id = bench.open(cbc_session());
  bench.driver.device().set_ready(false);
  CHECK(bench.call(later(id, kEndOfSession)).status() == kErr);
  const Answer refused = bench.call(inline_data());
  CHECK(refused.status() == kErr);
  CHECK(id_in(refused) == 0);
  bench.driver.device().set_ready(true);
  CHECK(sessions(bench) == 1);
  CHECK(bench.result(later(id)) == cbc_result());
}

TEST_CASE("RFC v2 inline: without the feature session 0 is none, and flags are text",
          "[crypto][rfc-v2][inline]") {
  Bench bench = make_bench(0);
  CHECK(bench.call(inline_data()).status() == kErr);
  CHECK(sessions(bench) == 0);
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(bench.result(cbc_data(id)) == cbc_result());
}

TEST_CASE("RFC v2 inline: many threads create, use and end sessions at once",
          "[crypto][rfc-v2][inline][multiqueue]") {
  auto options = draft_device(4, true);
  options.io_threads = 2;
  options.workers = 1;
  Bench bench(options, draft_driver(kFeatureInline | kFeatureMq));
  for (int round = 0; round < 30; ++round) {
    const std::uint32_t flags = round % 2 == 0 ? 0 : kEndOfSession;
    std::vector<std::uint16_t> heads;
    for (std::uint16_t queue = 0; queue < 4; ++queue)
      heads.push_back(bench.driver.submit(queue, request(inline_data(flags))));
    std::vector<std::uint64_t> ids;
    for (std::uint16_t queue = 0; queue < 4; ++queue) {
      const Answer answer = bench.driver.wait(queue, heads[queue]);
      CHECK(part(answer.written, 0, 32) == cbc_result());
      ids.push_back(id_in(answer));
    }
    if (flags != 0) continue;
    for (std::uint16_t queue = 0; queue < 4; ++queue)
      heads[queue] = bench.driver.submit(queue, request(later(ids[3U - queue], kEndOfSession)));
    for (std::uint16_t queue = 0; queue < 4; ++queue)
      CHECK(bench.driver.wait(queue, heads[queue]).status() == kOk);
  }
  CHECK(bench.driver.device().stats().sessions_open == 0);
}
