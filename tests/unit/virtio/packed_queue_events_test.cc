// Event suppression of packed virtqueues, both ways (VIRTIO 1.4, 2.8.10).
#include <cstdint>
#include <vector>

#include "tests/driver/packed_ring.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/ring_fixture.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

TEST_CASE("PackedQueue: the driver's flags suppress and ask for interrupts", "[virtio][packed][2.8.10]") {
  const bool event_idx = GENERATE(false, true);
  PackedFixture f(4, {.event_idx = event_idx});
  const auto wants_interrupt = [&](RingEvent event, RingPosition position = {}) {
    f.ring.set_driver_event(event, position);
    f.add();
    f.queue->complete(f.pop(), 0);
    const bool wanted = f.queue->publish();
    CHECK(f.ring.poll());
    return wanted;
  };
  CHECK(wants_interrupt(RingEvent::kEnable));
  CHECK_FALSE(wants_interrupt(RingEvent::kDisable));
  CHECK(wants_interrupt(RingEvent::kReserved));  // an interrupt too many is harmless
  // A position counts with EVENT_IDX only.
  CHECK(wants_interrupt(RingEvent::kDescriptor, {0, true}) == !event_idx);
  CHECK(wants_interrupt(RingEvent::kDescriptor, f.ring.next_used()));
}

TEST_CASE("PackedQueue: nothing new, no interrupt", "[virtio][packed][2.8.10]") {
  PackedFixture f(4);
  CHECK_FALSE(f.queue->publish());
  f.add();
  f.queue->complete(f.pop(), 0);
  CHECK(f.queue->publish());
  CHECK_FALSE(f.queue->publish());
}

TEST_CASE("PackedQueue: a batch interrupts when it passes the named descriptor, in every lap",
          "[virtio][packed][2.8.10]") {
  for (std::uint16_t size = 1; size <= 7; ++size) {
    for (std::uint16_t start = 0; start < 2 * size; ++start) {
      for (std::uint16_t batch = 1; batch <= size; ++batch) {
        for (std::uint16_t event = 0; event < 2 * size; ++event) {
          PackedFixture f(size, {}, std::size_t{1} << 14);
          f.step(start);
          const RingPosition named{static_cast<std::uint16_t>(event % size), event < size};
          f.ring.set_driver_event(RingEvent::kDescriptor, named);
          bool passed = false;
          RingPosition position = f.ring.next_used();
          for (std::uint16_t i = 0; i < batch; ++i, position = f.ring.after(position)) {
            passed = passed || position == named;
            f.add();
            f.queue->complete(f.pop(), 0);
          }
          CAPTURE(size, start, batch, named.slot, named.wrap);
          REQUIRE(f.queue->publish() == passed);
        }
      }
    }
  }
}

TEST_CASE("PackedQueue: a chain passes every descriptor that it takes", "[virtio][packed][2.8.10]") {
  PackedFixture f(8);
  f.step(6);
  const std::uint16_t ahead = GENERATE(as<std::uint16_t>{}, 0, 1, 2, 3);
  f.ring.set_driver_event(RingEvent::kDescriptor, f.ring.after(f.ring.next_used(), ahead));
  f.add(3);
  f.queue->complete(f.pop(), 0);
  CHECK(f.queue->publish() == (ahead < 3));
}

TEST_CASE("PackedQueue: an event offset outside the ring is harmless", "[virtio][packed][2.8.10][hostile]") {
  PackedFixture f(3);
  for (std::uint32_t word = 0; word <= 0xFFFF; word += 7) {
    f.ring.set_driver_event(RingEvent::kDescriptor, static_cast<std::uint16_t>(word));
    f.add();
    f.queue->complete(f.pop(), 0);
    (void)f.queue->publish();
    REQUIRE(f.ring.poll());
  }
}

TEST_CASE("PackedQueue: a driver is asked not to notify, and then to notify again",
          "[virtio][packed][2.8.10][X-PACKED-DEV-002]") {
  const bool event_idx = GENERATE(false, true);
  const std::uint16_t size = GENERATE(as<std::uint16_t>{}, 1, 2, 3, 5, 8);
  const std::uint16_t chain = GENERATE(as<std::uint16_t>{}, 1, 2);
  if (chain > size) return;
  PackedFixture f(size, {.event_idx = event_idx});
  for (std::uint32_t lap = 0; lap < 5U * size; ++lap) {
    CHECK_FALSE(f.queue->enable_notifications());
    f.add(chain);
    REQUIRE(f.ring.needs_kick());
    f.complete_and_poll();
    f.queue->disable_notifications();
    f.add(chain);
    REQUIRE_FALSE(f.ring.needs_kick());
    REQUIRE(f.queue->enable_notifications());  // the chain that came without a notification
    f.complete_and_poll();
  }
}

TEST_CASE("PackedQueue: without EVENT_IDX only enable and disable are written", "[virtio][packed][2.8.10]") {
  PackedFixture f(5, {.event_idx = false});
  f.step(3);
  (void)f.queue->enable_notifications();
  CHECK(f.ring.device_event() == 0);
  f.queue->disable_notifications();
  CHECK(f.ring.device_event() >> 16 == 1);
}

TEST_CASE("PackedQueue: with EVENT_IDX the next descriptor and its lap are named",
          "[virtio][packed][2.8.10]") {
  PackedFixture f(5);
  for (std::uint16_t i = 0; i < 12; ++i) {
    (void)f.queue->enable_notifications();
    CHECK(f.ring.device_event() >> 16 == 2);
    CHECK((f.ring.device_event() & 0xFFFF) == f.ring.next_available());
    f.step(1);
  }
  // Once told, the driver stays silent until it is asked again.
  f.add();
  CHECK(f.queue->enable_notifications());
  f.pop().discard();
}
