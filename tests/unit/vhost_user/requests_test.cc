// Requests through the rings, as drivers of either kind of front-end send them.
#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

std::uint64_t session_by_message(FrontEnd& front_end, const CbcVector& vector) {
  const auto id = front_end.create_session(session_payload(SessionForm::kNoOpcode, aes_cbc(vector.key)));
  REQUIRE(id > 0);
  return static_cast<std::uint64_t>(id);
}

// On the control queue, which comes behind the data queues.
std::uint64_t session_by_request(FrontEnd& front_end, std::uint16_t control, const CbcVector& vector) {
  const Answer answer = front_end.call(control, create_request(Layout::kPadded, aes_cbc(vector.key)));
  std::uint64_t id = 0;
  std::memcpy(&id, answer.written.data(), sizeof id);
  REQUIRE(part(answer.written, 8, 4) == Wire().le32(0).done());
  return id;
}

// `batches` times `depth` requests, round the ring many times.
void run_many(FrontEnd& front_end, SharedMemory& memory, std::uint16_t ring, std::uint64_t session,
              const CbcVector& vector, int batches, int depth, bool indirect) {
  // Each ring has memory of its own. ThreadSanitizer cannot see that one I/O thread's use of it comes before
  // another's: what orders them is the ring, which the driver has mapped elsewhere.
  constexpr std::size_t kForEachRing = 128U << 10U;
  for (int batch = 0; batch < batches; ++batch) {
    const std::size_t mark = memory.mark();
    static_cast<void>(memory.allocate(ring * kForEachRing));
    std::vector<std::uint16_t> heads;
    for (int i = 0; i < depth; ++i)
      heads.push_back(front_end.submit(ring, encrypt(session, vector).indirect(indirect)));
    for (const std::uint16_t head : heads) {
      if (!is_right(front_end.wait(ring, head), vector)) FAIL("batch " << batch);
    }
    memory.rewind(mark);
  }
}

}  // namespace

TEST_CASE("vhost-user: QEMU's preset, a driver with EVENT_IDX that the back-end does not know of",
          "[vhost-user]") {
  const bool threads = GENERATE(false, true);
  CAPTURE(threads);
  Scene scene(threads ? threaded_device(2) : polled_device(2));
  scene.start_as_qemu(2, 32);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& first = rfc3602_case_1();
  const CbcVector& second = rfc3602_case_2();
  const std::uint64_t sessions[] = {session_by_message(front_end, first),
                                    session_by_message(front_end, second)};
  for (int i = 0; i < 150; ++i) {
    run_many(front_end, scene.memory(), 0, sessions[0], first, 1, 8, true);
    run_many(front_end, scene.memory(), 1, sessions[1], second, 1, 3, i % 2 == 0);
  }
  // Kicks came only when avail_event asked for them.
  CHECK(front_end.ring(0).kicks <= 1200);
  CHECK(front_end.ring(0).kicks > 0);
  CHECK(scene.device().stats().requests == 150 * 11);
  CHECK(scene.device().stats().ring_faults == 0);
}

TEST_CASE("vhost-user: a device that looks at its ring again and again loses no kick of QEMU's driver",
          "[vhost-user]") {
  auto options = threaded_device(1);
  options.poll = std::chrono::microseconds(200);
  Scene scene(options);
  scene.start_as_qemu(1, 16);
  const CbcVector& vector = rfc3602_case_1();
  const std::uint64_t session = session_by_message(scene.front_end(), vector);
  run_many(scene.front_end(), scene.memory(), 0, session, vector, 1500, 1, true);
  CHECK(scene.device().stats().requests == 1500);
}

TEST_CASE("vhost-user: a front-end that is the transport, every ring format", "[vhost-user]") {
  const std::uint64_t features =
      GENERATE(as<std::uint64_t>{}, kModern, kModern | feature::kRingPacked, kModern | feature::kInOrder,
               kModern | feature::kRingPacked | feature::kInOrder, feature::kVersion1,
               feature::kVersion1 | feature::kRingPacked);
  const bool threads = GENERATE(false, true);
  CAPTURE(features, threads);
  constexpr std::uint16_t kDataQueues = 2, kControl = kDataQueues;
  Scene scene(threads ? threaded_device(kDataQueues) : polled_device(kDataQueues));
  scene.start(features, kDataQueues + 1, 32);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = session_by_request(front_end, kControl, vector);
  const bool indirect = (features & feature::kIndirectDesc) != 0;
  run_many(front_end, scene.memory(), 0, session, vector, 60, 6, indirect);
  run_many(front_end, scene.memory(), 1, session, vector, 60, 6, false);
  const Answer gone =
      front_end.call(kControl, destroy_request(Layout::kPadded, wire_number::kCipherDestroy, session));
  CHECK(gone.status() == wire_number::kOk);
  CHECK(front_end.call(0, encrypt(session, vector)).status() == wire_number::kInvSess);
}

TEST_CASE("vhost-user: a driver without EVENT_IDX behind QEMU is told when it need not kick",
          "[vhost-user]") {
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate_as_qemu();
  front_end.share_memory();
  front_end.make_ring(0, 32, feature::kVersion1);
  front_end.start_ring(0, 0);
  const CbcVector& vector = rfc3602_case_1();
  run_many(front_end, scene.memory(), 0, session_by_message(front_end, vector), vector, 20, 5, false);
}

TEST_CASE("vhost-user: any split of a request, and memory in several regions", "[vhost-user]") {
  Scene scene(polled_device(), {{0, 0xA'0000}, {0x10'0000, 1 << 20}, {0x1'0000'0000, 1 << 20}});
  scene.start_as_qemu(1, 256);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = session_by_message(front_end, vector);
  for (std::size_t chunk = 1; chunk <= 80; ++chunk) {
    const std::size_t mark = scene.memory().mark();
    Request request = encrypt(session, vector);
    if (!is_right(front_end.call(0, request.chunk(chunk).indirect(chunk % 2 == 0)), vector))
      FAIL_CHECK("cut into pieces of " << chunk);
    scene.memory().rewind(mark);
  }
  // Text in the third region, room for the result in the second.
  constexpr std::uint64_t kText = 0x1'0000'1000, kRoom = 0x1F'F000;
  const auto text = scene.memory().at(kText, vector.text.size());
  std::copy(vector.text.begin(), vector.text.end(), text.begin());
  const auto bytes = static_cast<std::uint32_t>(vector.text.size());
  Request apart;
  apart.readable(CryptoDriver::cipher_header(wire_number::kCipherEncrypt, session, 16, bytes, bytes))
      .readable(vector.iv)
      .at(kText, bytes, false)
      .at(kRoom, bytes, true)
      .writable(1);
  CHECK(is_right(front_end.call(0, apart), vector));
}

TEST_CASE("vhost-user: requests on two rings at the same time, from two driver threads' worth of load",
          "[vhost-user][threads]") {
  Scene scene(threaded_device(2));
  scene.start(kModern, 3, 64);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = session_by_request(front_end, 2, vector);
  for (int batch = 0; batch < 100; ++batch) {
    const std::size_t mark = scene.memory().mark();
    std::vector<std::pair<std::uint16_t, std::uint16_t>> heads;
    for (int i = 0; i < 16; ++i) {
      const auto ring = static_cast<std::uint16_t>(i % 2);
      heads.emplace_back(ring, front_end.submit(ring, encrypt(session, vector).indirect()));
    }
    for (const auto& [ring, head] : heads) {
      if (!is_right(front_end.wait(ring, head), vector)) FAIL("batch " << batch);
    }
    scene.memory().rewind(mark);
  }
}
