// VIRTIO 1.4, 2.7.10: available buffer notifications, and how a device asks for fewer of them.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace feature = test::feature;

// A driver that notifies when the device asks for it, and looks at the flags with which it does all the time:
// those of the used ring, or of the device's event suppression (2.8.10).
class Polite {
 public:
  Polite(Context& context, bool event_idx)
      : context_(context),
        most_(context.settings().is_packed() ? (event_idx ? 2 : 1) : (event_idx ? 0 : 1)),
        driver_(context, {.features = event_idx ? feature::kEventIdx : 0,
                          .declined = feature::kInOrder | (event_idx ? 0 : feature::kEventIdx)}) {
    driver_.negotiate();
    driver_.set_up_queues();
    look();
    driver_.set_driver_ok();
    look();
  }

  void serve(std::uint16_t queue, unsigned requests) {
    const BareRequest refused = bare(driver_, driver_.refused_request(queue));
    const std::size_t mark = driver_.memory().mark();
    for (unsigned n = 0; n < requests; ++n) {
      if (!driver_.ring(queue).add(place(driver_, refused, {}))) throw std::logic_error("too many requests");
      if (driver_.ring(queue).needs_kick()) {
        driver_.kick(queue);
      } else {
        ++saved_;
      }
      look();
      if (n % 3 == 1) driver_.device().advance();
    }
    unsigned back = 0;
    const bool all = driver_.comes_true([&] {
      look();
      while (driver_.ring(queue).poll())
        ++back;
      return back == requests;
    });
    if (!all)
      context_.fail(
          fmt::format("{} of {} requests of queue {} come back, although all notifications were sent "
                      "that the device asked for",
                      back, requests, queue));
    driver_.memory().rewind(mark);
  }

  [[nodiscard]] unsigned saved() const { return saved_; }
  [[nodiscard]] Driver& driver() { return driver_; }

 private:
  void look() {
    for (std::uint16_t queue = 0; queue <= driver_.control_queue(); ++queue) {
      const std::uint16_t flags = get16(device_area(driver_, queue), context_.settings().is_packed() ? 2 : 0);
      if (flags > most_)
        context_.fail(fmt::format("flags of the device area of queue {}: {:#x}, expected {} at most", queue,
                                  flags, most_));
    }
  }

  Context& context_;
  const std::uint16_t most_;
  Driver driver_;
  unsigned saved_ = 0;
};

void be_polite(Context& context, bool event_idx) {
  Polite polite(context, event_idx);
  for (unsigned round = 0; round < 60; ++round) {
    polite.serve(0, 1 + round % 20);
    polite.serve(polite.driver().control_queue(), 1 + round % 7);
  }
  context.note(fmt::format("{} notifications were not asked for", polite.saved()));
}

void run_used_flags(Context& context) {
  be_polite(context, false);
}

void run_avail_event(Context& context) {
  be_polite(context, true);
}

// And across the end of idx, where avail_event starts again as well.
void run_avail_event_wraps(Context& context) {
  Polite polite(context, true);
  constexpr unsigned kBatch = 32;
  for (unsigned served = 0; served < 0x10000 + 4 * kBatch; served += kBatch)
    polite.serve(0, kBatch);
}

// What notifications without work must not lead to. A device may interrupt for nothing, too.
void expect_nothing(Context& context, Driver& driver, const MemoryWatch& watch) {
  driver.settle();
  const std::string change = watch.change();
  context.expect(change.empty(), change.empty() ? "all memory is as before" : change);
  context.expect_equal(driver.pci().device_status() & test::status::kNeedsReset, 0, "DEVICE_NEEDS_RESET");
}

void kick_all(Driver& driver, unsigned times) {
  for (unsigned n = 0; n < times; ++n) {
    for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue)
      driver.kick(queue);
    if (n % 4 == 0) driver.device().advance();
  }
}

void run_for_nothing(Context& context) {
  with_ring_features(context, [&](Driver& driver) {
    driver.start();
    for (int round = 0; round < 3; ++round) {
      kick_all(driver, 20);
      driver.settle();
      MemoryWatch watch(driver);
      watch.allow_suppression();
      kick_all(driver, 20);
      expect_nothing(context, driver, watch);
      driver.expect_service(0);
      static_cast<void>(driver.call(driver.control_queue(), driver.refused_control_request()));
    }
  });
}

// Notifications of a queue that the driver has not enabled.
void run_disabled(Context& context) {
  Driver driver(context);
  driver.negotiate();
  const std::uint16_t disabled = 0;
  if (driver.data_queues() < 2) context.skip("the device has no data queue to leave disabled");
  for (std::uint16_t queue = 1; queue <= driver.control_queue(); ++queue)
    driver.set_up_queue(queue, 64);
  driver.set_driver_ok();
  driver.expect_service(1);
  driver.settle();
  MemoryWatch watch(driver);
  watch.allow_suppression(1);
  const std::uint32_t doorbell =
      driver.read_queue(disabled, common::kQueueNotifyOff) * driver.pci().notify_multiplier();
  const unsigned width = driver.has(feature::kNotificationData) ? 4 : 2;
  const std::uint32_t value = driver.has(feature::kNotifConfigData)
                                  ? driver.read_queue(disabled, common::kQueueNotifConfigData)
                                  : disabled;
  for (int n = 0; n < 20; ++n)
    driver.pci().write(2, doorbell, width, value);
  expect_nothing(context, driver, watch);
  driver.expect_service(1);
}

const Check kChecks[] = {
    {.id = "available-flags",
     .title = "Without EVENT_IDX used ring flags is 0 or 1, and 1 never where a notification is needed",
     .statements = {"SPLIT-DEV-018", "SPLIT-DEV-019"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_used_flags},
    {.id = "available-event",
     .title =
         "With EVENT_IDX used ring flags is 0, and avail_event asks for all notifications that are needed",
     .statements = {"SPLIT-DEV-020", "SPLIT-DEV-021"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kSplit},
     .run = run_avail_event},
    {.id = "available-event-wraps",
     .title = "avail_event asks for all notifications that are needed, also where idx wraps",
     .statements = {"SPLIT-DEV-020", "SPLIT-DEV-021"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kSplit},
     .run = run_avail_event_wraps},
    {.id = "packed-available-flags",
     .title = "Packed, without EVENT_IDX: the device's event suppression asks for all notifications that are "
              "needed",
     .statements = {"FEAT-DEV-004"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_used_flags},
    {.id = "packed-available-event",
     .title =
         "Packed, with EVENT_IDX: the device's event suppression asks for all notifications that are needed",
     .statements = {"FEAT-DEV-004"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kPacked},
     .run = run_avail_event},
    {.id = "available-for-nothing",
     .title = "Notifications with nothing new on any ring have no effect",
     .statements = {"SPLIT-DEV-022"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_for_nothing},
    {.id = "available-disabled",
     .title = "Notifications of a queue that is not enabled have no effect",
     .statements = {"SPLIT-DEV-022"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_disabled},
};

}  // namespace

std::span<const Check> available_notification_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
