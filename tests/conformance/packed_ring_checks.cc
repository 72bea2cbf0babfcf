// VIRTIO 1.4, 2.8.12 and 2.8.15: packed virtqueues.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

constexpr std::uint16_t kAvailUsed = test::kAvail | test::kUsed;

// Whether a request to close a session found it.
bool closed(Context& context, const test::Answer& answer) {
  context.note("answer to closing a session", answer.written);
  return answer.status() == 0;
}

// Of two requests to close the same session the first one finds it. Buffer ids do not follow the order of
// the ring, and batches lie across its end.
void run_in_ring_order(Context& context) {
  Driver driver(context);
  driver.negotiate();
  for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue)
    driver.set_up_queue(queue, 29);
  driver.set_driver_ok();
  const std::uint16_t control = driver.control_queue();
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint64_t> sessions;
    for (int n = 0; n < 3; ++n)
      sessions.push_back(driver.session_in(driver.call(control, driver.session_request())));
    std::vector<std::uint16_t> heads;
    for (const std::uint64_t session : sessions) {
      heads.push_back(driver.add(control, driver.close_request(session)));
      heads.push_back(driver.add(control, driver.close_request(session)));
    }
    driver.kick(control);
    for (std::size_t n = 0; n < heads.size(); ++n) {
      const bool found = closed(context, driver.wait(control, heads[n]));
      context.expect(found == (n % 2 == 0), n % 2 == 0 ? "the first of two requests closes the session"
                                                       : "the second of them finds it closed");
    }
  }
}

// Data queue 0, whose descriptors the check writes itself.
class ByHand {
 public:
  explicit ByHand(Context& context)
      : context_(context), driver_(context, {.declined = test::feature::kNotificationData}) {
    driver_.negotiate();
    for (std::uint16_t queue = 0; queue <= driver_.control_queue(); ++queue)
      driver_.set_up_queue(queue, queue == 0 ? 7 : 64);
    driver_.set_driver_ok();
    known_ = bare(driver_, driver_.known_request());
    mark_ = driver_.memory().mark();
  }

  [[nodiscard]] test::RingPosition position() const { return at_; }

  // Lays a chain out, but for AVAIL and USED of its first descriptor, which are as in `stale`.
  void hide(std::uint16_t stale, std::size_t pieces) {
    driver_.memory().rewind(mark_);
    segments_ = place(driver_, known_, {.lengths = {50}, .most = pieces});
    for (std::size_t n = segments_.size(); n-- > 0;) {
      const test::RingPosition place = ring().after(at_, static_cast<std::uint32_t>(n));
      test::PackedDescriptor descriptor{
          .address = segments_[n].address, .length = segments_[n].length, .id = kId, .flags = 0};
      if (segments_[n].writable) descriptor.flags |= test::kWrite;
      if (n + 1 < segments_.size()) descriptor.flags |= test::kNext;
      first_ = descriptor;
      descriptor.flags |= n == 0 ? stale : ring().available_bits(place.wrap);
      ring().set_descriptor(place.slot, descriptor);
    }
  }

  void expect_left_alone() {
    MemoryWatch watch(driver_);
    watch.allow_suppression();
    driver_.kick(0);
    driver_.settle();
    const std::string change = watch.change();
    context_.expect(change.empty(), change.empty() ? "nothing changes in memory" : change);
  }

  void show_and_expect_answer() {
    test::PackedDescriptor first = first_;
    first.flags |= ring().available_bits(at_.wrap);
    ring().set_descriptor(at_.slot, first);
    driver_.kick(0);
    const std::uint16_t both = at_.wrap ? kAvailUsed : std::uint16_t{0};
    if (!driver_.comes_true([&] { return (ring().descriptor(at_.slot).flags & kAvailUsed) == both; }))
      context_.fail(fmt::format("the chain from slot {} on is not used", at_.slot));
    context_.expect_equal(ring().descriptor(at_.slot).id, kId, "id of the used descriptor");
    driver_.expect_known_answer(answer());
    at_ = ring().after(at_, static_cast<std::uint32_t>(segments_.size()));
  }

 private:
  static constexpr std::uint16_t kId = 3;

  [[nodiscard]] test::PackedRing& ring() { return driver_.packed_ring(0); }
  [[nodiscard]] test::Answer answer() {
    test::Answer answer;
    for (const test::Segment& segment : segments_) {
      const auto bytes = driver_.memory().at(segment.address, segment.length);
      if (segment.writable) answer.written.insert(answer.written.end(), bytes.begin(), bytes.end());
    }
    return answer;
  }

  Context& context_;
  Driver driver_;
  BareRequest known_;
  std::size_t mark_ = 0;
  test::RingPosition at_;
  std::vector<test::Segment> segments_;
  test::PackedDescriptor first_;
};

void run_not_before_avail(Context& context) {
  ByHand ring(context);
  for (unsigned round = 0; round < 24; ++round) {
    // AVAIL as the last lap, or the fresh ring, has left it; then USED may be anything.
    const std::uint16_t unchanged = ring.position().wrap ? std::uint16_t{0} : test::kAvail;
    for (const std::uint16_t stale : {unchanged, static_cast<std::uint16_t>(unchanged | test::kUsed)}) {
      context.note(fmt::format("slot {}, wrap counter {}, flags {:#x}", ring.position().slot,
                               ring.position().wrap ? 1 : 0, stale));
      ring.hide(stale, 2 + round % 4);
      ring.expect_left_alone();
    }
    ring.show_and_expect_answer();
  }
}

// What has been used once is not taken again when the device comes by in the next lap.
void run_not_again(Context& context) {
  constexpr std::uint16_t kSize = 6;
  Driver driver(context);
  driver.negotiate();
  for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue)
    driver.set_up_queue(queue, queue == 0 ? kSize : std::uint16_t{64});
  driver.set_driver_ok();
  const BareRequest known = bare(driver, driver.known_request());
  const std::size_t mark = driver.memory().mark();
  for (int half_lap = 0; half_lap < 8; ++half_lap) {
    driver.expect_known_answer(driver.call(0, request_of(place(driver, known, {.most = 2}))));
    driver.expect_known_answer(
        driver.call(0, request_of(place(driver, known, {.lengths = {60}, .most = 4}))));
    driver.settle();
    MemoryWatch watch(driver);
    watch.allow_suppression();
    driver.kick(0);
    driver.settle();
    const std::string change = watch.change();
    context.expect(change.empty(), change.empty() ? "nothing changes in memory" : change);
    driver.memory().rewind(mark);
  }
}

const Check kChecks[] = {
    {.id = "packed-in-ring-order",
     .title = "Requests that depend on each other take effect in the order of the ring",
     .statements = {"PACKED-DEV-001"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_in_ring_order},
    {.id = "packed-not-before-avail",
     .title = "A descriptor is not touched before its AVAIL bit changes, in laps of either wrap counter",
     .statements = {"PACKED-DEV-006"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_not_before_avail},
    {.id = "packed-not-again",
     .title = "Used descriptors of the last lap are not taken for available ones",
     .statements = {"PACKED-DEV-006"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_not_again},
};

}  // namespace

std::span<const Check> packed_ring_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
