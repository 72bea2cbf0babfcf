// Rings that are stopped, disabled, changed and begun again while requests are under way.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

std::uint64_t new_session(FrontEnd& front_end, const CbcVector& vector) {
  const auto id = front_end.create_session(session_payload(SessionForm::kUnion, aes_cbc(vector.key)));
  REQUIRE(id > 0);
  return static_cast<std::uint64_t>(id);
}

// Puts `count` requests on the ring; kicks if asked to.
std::vector<std::uint16_t> submit(FrontEnd& front_end, std::uint64_t session, const CbcVector& vector,
                                  int count) {
  std::vector<std::uint16_t> heads;
  for (int i = 0; i < count; ++i)
    heads.push_back(front_end.submit(0, encrypt(session, vector).indirect()));
  return heads;
}

void wait_for_all(FrontEnd& front_end, const std::vector<std::uint16_t>& heads, const CbcVector& vector) {
  for (const std::uint16_t head : heads)
    REQUIRE(is_right(front_end.wait(0, head), vector));
}

std::uint64_t any_features() {
  return GENERATE(as<std::uint64_t>{}, kModern, kModern | feature::kRingPacked, kModern | feature::kInOrder);
}

// Once the ring has been suspended: what was added is back, or still to be taken.
void go_on(Scene& scene, std::uint32_t base) {
  scene.front_end().start_ring(0, base);
}

}  // namespace

TEST_CASE("vhost-user: GET_VRING_BASE under load, and on from there: nothing is lost, nothing comes twice",
          "[vhost-user][threads]") {
  const std::uint64_t features = any_features();
  CAPTURE(features);
  Scene scene(threaded_device(1));
  scene.start(features, 1, 64);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = new_session(front_end, vector);
  constexpr int kRounds = 100, kDepth = 24;
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t mark = scene.memory().mark();
    const auto heads = submit(front_end, session, vector, kDepth);
    const std::uint32_t base = front_end.stop_ring(0);
    CHECK(scene.backend().running_rings() == 0);
    // What was taken is back by now; nothing else comes.
    front_end.ring(0).requests->collect();
    const auto back = std::count_if(heads.begin(), heads.end(), [&](std::uint16_t head) {
      return front_end.ring(0).requests->is_back(head);
    });
    front_end.ring(0).requests->collect();
    CHECK(back == std::count_if(heads.begin(), heads.end(),
                                [&](std::uint16_t head) { return front_end.is_back(0, head); }));
    if ((features & feature::kRingPacked) == 0)
      CHECK(base == static_cast<std::uint16_t>(round * kDepth + back));
    go_on(scene, base);
    wait_for_all(front_end, heads, vector);
    scene.memory().rewind(mark);
  }
  const auto stats = scene.device().stats();
  CHECK(stats.requests == kRounds * kDepth);
  CHECK(stats.ring_faults == 0);
}

TEST_CASE("vhost-user: a ring that was stopped leaves the memory alone", "[vhost-user]") {
  Scene scene;
  scene.start_as_qemu();
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_1();
  const std::uint64_t session = new_session(front_end, vector);
  wait_for_all(front_end, submit(front_end, session, vector, 3), vector);
  CHECK(front_end.stop_ring(0) == 3);
  CHECK(front_end.stop_ring(0) == 3);  // again
  const auto heads = submit(front_end, session, vector, 2);
  front_end.kick(0);
  front_end.pump(0);
  CHECK(!front_end.is_back(0, heads[0]));
  go_on(scene, 3);
  wait_for_all(front_end, heads, vector);
}

TEST_CASE("vhost-user: a ring that never ran tells the base that it got, or a new ring's", "[vhost-user]") {
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate(kModern);
  CHECK(front_end.stop_ring(0) == 0);
  front_end.set_state(vu::kSetVringBase, 0, 0x1234);
  CHECK(front_end.stop_ring(0) == 0x1234);
  front_end.set(vu::kSetFeatures, kModern | feature::kRingPacked);
  // Both wrap counters of a new packed ring are 1 (VIRTIO 1.4, 2.8.1).
  CHECK(front_end.stop_ring(1) == 0x8000'8000);
}

TEST_CASE("vhost-user: a packed ring without SET_VRING_BASE begins as a new one", "[vhost-user]") {
  constexpr std::uint64_t kFeatures = kModern | feature::kRingPacked;
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate(kFeatures, FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession);
  front_end.share_memory();
  const FrontEndRing& ring = front_end.make_ring(0, 8, kFeatures);
  const DriverRing& driver = ring.requests->ring();
  front_end.set_state(vu::kSetVringNum, 0, 8);
  front_end.tell(vu::kSetVringAddr, Wire()
                                        .le32(0)
                                        .le32(0)
                                        .le64(scene.memory().user_address(driver.descriptor_area()))
                                        .le64(scene.memory().user_address(driver.device_area()))
                                        .le64(scene.memory().user_address(driver.driver_area()))
                                        .le64(0)
                                        .done());
  front_end.set_descriptor(vu::kSetVringKick, 0, ring.kick.get());
  const CbcVector& vector = rfc3602_case_1();
  const std::uint64_t session = new_session(front_end, vector);
  wait_for_all(front_end, submit(front_end, session, vector, 5), vector);
}

TEST_CASE("vhost-user: a ring is not served while it is disabled", "[vhost-user]") {
  Scene scene;
  scene.start(kModern, 2);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_1();
  const std::uint64_t session = new_session(front_end, vector);
  wait_for_all(front_end, submit(front_end, session, vector, 2), vector);
  front_end.set_state(vu::kSetVringEnable, 0, 0);
  CHECK(scene.backend().running_rings() == 1);
  const auto heads = submit(front_end, session, vector, 3);
  front_end.kick(0);
  front_end.pump(0);
  CHECK(!front_end.is_back(0, heads[0]));
  front_end.set_state(vu::kSetVringEnable, 0, 1);
  wait_for_all(front_end, heads, vector);
}

TEST_CASE("vhost-user: SET_VRING_ENABLE again and again under load", "[vhost-user][threads]") {
  const std::uint64_t features = any_features();
  CAPTURE(features);
  Scene scene(threaded_device(1));
  scene.start(features, 1);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = new_session(front_end, vector);
  for (int round = 0; round < 100; ++round) {
    const std::size_t mark = scene.memory().mark();
    const auto heads = submit(front_end, session, vector, 16);
    front_end.set_state(vu::kSetVringEnable, 0, 0);
    front_end.set_state(vu::kSetVringEnable, 0, 1);
    wait_for_all(front_end, heads, vector);
    scene.memory().rewind(mark);
  }
  CHECK(scene.device().stats().requests == 1600);
}

TEST_CASE("vhost-user: SET_VRING_CALL under load: the next interrupts go there", "[vhost-user][threads]") {
  Scene scene(threaded_device(1));
  scene.start_as_qemu();
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = new_session(front_end, vector);
  virtio::FileDescriptor other(::dup(front_end.ring(0).call.get()));
  Scene elsewhere;
  virtio::FileDescriptor& second = elsewhere.front_end().make_ring(0, 8, kModern).call;
  for (int round = 0; round < 100; ++round) {
    const std::size_t mark = scene.memory().mark();
    const auto heads = submit(front_end, session, vector, 8);
    virtio::FileDescriptor& call = front_end.ring(0).call;
    std::swap(call, second);
    front_end.set_descriptor(vu::kSetVringCall, 0, call.get());
    // An interrupt may have gone to the one before.
    const auto last = submit(front_end, session, vector, 1);
    front_end.pump(0);
    if (!front_end.is_back(0, last[0])) {
      pollfd readable{call.get(), POLLIN, 0};
      REQUIRE(::poll(&readable, 1, 20'000) == 1);
    }
    wait_for_all(front_end, heads, vector);
    wait_for_all(front_end, last, vector);
    scene.memory().rewind(mark);
  }
}

TEST_CASE("vhost-user: without a call descriptor the driver looks by itself", "[vhost-user]") {
  Scene scene;
  scene.start_as_qemu();
  FrontEnd& front_end = scene.front_end();
  front_end.set_descriptor(vu::kSetVringCall, 0, -1);
  const CbcVector& vector = rfc3602_case_1();
  wait_for_all(front_end, submit(front_end, new_session(front_end, vector), vector, 4), vector);
  pollfd readable{front_end.ring(0).call.get(), POLLIN, 0};
  CHECK(::poll(&readable, 1, 0) == 0);
}

TEST_CASE("vhost-user: what was used before the first SET_VRING_CALL is told with it", "[vhost-user]") {
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate_as_qemu();
  front_end.share_memory();
  front_end.make_ring(0, 16, kModern);
  const CbcVector& vector = rfc3602_case_1();
  const auto heads = submit(front_end, new_session(front_end, vector), vector, 2);
  front_end.describe_ring(0, 0);
  const auto is_called = [&front_end] {
    pollfd readable{front_end.ring(0).call.get(), POLLIN, 0};
    return ::poll(&readable, 1, 0) == 1;
  };
  front_end.set_descriptor(vu::kSetVringKick, 0, front_end.ring(0).kick.get());
  front_end.pump(0);
  REQUIRE(front_end.is_back(0, heads[1]));
  CHECK(!is_called());
  front_end.set_descriptor(vu::kSetVringCall, 0, front_end.ring(0).call.get());
  CHECK(is_called());
  std::uint64_t calls = 0;
  CHECK(::read(front_end.ring(0).call.get(), &calls, sizeof calls) == sizeof calls);
  front_end.set_descriptor(vu::kSetVringCall, 0, front_end.ring(0).call.get());
  CHECK(!is_called());  // nothing new
}

TEST_CASE("vhost-user: SET_VRING_BASE of a running ring is no good", "[vhost-user][hostile]") {
  Scene scene;
  scene.start_as_qemu();
  CHECK_THROWS_WITH(scene.front_end().set_state(vu::kSetVringBase, 0, 7), contains_text("SET_VRING_BASE"));
  CHECK(scene.backend().running_rings() == 0);
}

TEST_CASE("vhost-user: RESET_DEVICE drops sessions and rings, and all can begin again", "[vhost-user]") {
  Scene scene;
  scene.start_as_qemu(1);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_1();
  const std::uint64_t before = new_session(front_end, vector);
  wait_for_all(front_end, submit(front_end, before, vector, 3), vector);
  front_end.tell(vu::kResetDevice);
  CHECK(scene.backend().running_rings() == 0);
  CHECK(scene.device().stats().sessions_open == 0);
  const auto left = submit(front_end, before, vector, 1);
  front_end.kick(0);
  front_end.pump(0);
  CHECK(!front_end.is_back(0, left[0]));

  front_end.make_ring(0, 16, kModern);
  front_end.start_ring(0, 0);
  CHECK(front_end.call(0, encrypt(before, vector)).status() == wire_number::kInvSess);
  const std::uint64_t after = new_session(front_end, vector);
  CHECK(after != before);
  wait_for_all(front_end, submit(front_end, after, vector, 3), vector);
}

TEST_CASE("vhost-user: disconnect() in the middle returns what was taken, and keeps the sessions",
          "[vhost-user][threads]") {
  Scene scene(threaded_device(1));
  const CbcVector& vector = rfc3602_case_2();
  std::uint64_t session = 0;
  for (int round = 0; round < 20; ++round) {
    const std::size_t mark = scene.memory().mark();
    scene.start_as_qemu(1, 64);
    FrontEnd& front_end = scene.front_end();
    if (session == 0) session = new_session(front_end, vector);
    const auto heads = submit(front_end, session, vector, 32);
    scene.backend().disconnect();
    CHECK(scene.backend().running_rings() == 0);
    const auto* ring = dynamic_cast<SplitRing*>(&front_end.driver_ring(0));
    const std::uint16_t returned = ring->used_index();
    // As QEMU goes on: with what comes behind what is used.
    front_end.negotiate_as_qemu();
    front_end.share_memory();
    front_end.start_ring(0, returned);
    wait_for_all(front_end, heads, vector);
    scene.backend().disconnect();
    scene.memory().rewind(mark);
  }
  CHECK(scene.device().stats().requests == 20 * 32);
  CHECK(scene.device().stats().sessions_open == 1);
}

TEST_CASE("vhost-user: a ring fault is told through SET_VRING_ERR's descriptor, and the rest goes on",
          "[vhost-user][hostile]") {
  Scene scene(polled_device(2));
  scene.start(kModern, 3);
  FrontEnd& front_end = scene.front_end();
  front_end.set_descriptor(vu::kSetVringErr, 0, front_end.ring(0).error.get());
  const CbcVector& vector = rfc3602_case_1();
  const std::uint64_t session = new_session(front_end, vector);
  dynamic_cast<SplitRing&>(front_end.driver_ring(0)).make_available(999);
  front_end.kick(0);
  front_end.pump(0);
  pollfd readable{front_end.ring(0).error.get(), POLLIN, 0};
  CHECK(::poll(&readable, 1, 0) == 1);
  CHECK(is_right(front_end.call(1, encrypt(session, vector)), vector));
  CHECK(front_end.stop_ring(0) == 0);
}
