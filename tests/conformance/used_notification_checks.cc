// VIRTIO 1.4, 2.7.7: used buffer notifications, and how a driver suppresses them.
#include <algorithm>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

constexpr std::uint16_t kSize = 8;
constexpr std::uint16_t kNoInterrupt = 1;  // avail ring flags

// Data queue 0 with requests that the device refuses, and all that suppresses notifications in the hands of
// the check. Messages where the target sees them, else ISR status and INTA#.
class Notified {
 public:
  Notified(Context& context, bool event_idx, std::uint16_t size = kSize)
      : context_(context),
        msix_(context.has(kSeesMessages)),
        driver_(context, {.features = event_idx ? feature::kEventIdx : 0,
                          .declined = feature::kInOrder | (event_idx ? 0 : feature::kEventIdx),
                          .msix = msix_}) {
    start_with_size(driver_, size);
    chain_ = place(driver_, bare(driver_, driver_.refused_data_request()), {});
    forget();
  }

  [[nodiscard]] std::uint16_t used() { return driver_.split_ring(0).used_index(); }
  void set_flags(std::uint16_t flags) { put16(driver_area(driver_, 0), 0, flags); }
  void set_used_event(std::uint16_t index) { driver_.split_ring(0).set_used_event(index); }
  [[nodiscard]] Driver& driver() { return driver_; }

  // So many requests at once, until they are back.
  void serve(unsigned requests) {
    for (unsigned n = 0; n < requests; ++n) {
      if (!driver_.ring(0).add(chain_)) throw std::logic_error("more requests than the ring has room for");
    }
    driver_.kick(0);
    for (unsigned n = 0; n < requests; ++n)
      static_cast<void>(next_used(driver_, 0));
  }
  void forget() {
    driver_.settle();
    driver_.forget_messages();
  }
  [[nodiscard]] bool take() {
    if (msix_ && driver_.vectors() > 0) return driver_.take_messages(driver_.vector_of(0)) > 0;
    return (driver_.pci().read_isr() & 1) != 0;
  }
  void expect_notification(std::string_view when) {
    if (!driver_.comes_true([&] { return take(); }))
      context_.fail(fmt::format("no used buffer notification {}, used idx {}", when, used()));
    context_.note(fmt::format("a notification {}", when));
    forget();
  }
  void expect_silence(std::string_view when) {
    driver_.settle();
    context_.expect(!take(), fmt::format("no used buffer notification {}", when));
  }

 private:
  Context& context_;
  const bool msix_;
  Driver driver_;
  std::vector<test::Segment> chain_;
};

// Far from, at, and right behind where idx is.
constexpr std::uint16_t kDistances[] = {0, 1, 2, 7, 8, 0x7FFF, 0x8000, 0xFFF0, 0xFFFE, 0xFFFF};

void run_used_event_ignored(Context& context) {
  Notified notified(context, false);
  notified.set_flags(0);
  for (const std::uint16_t distance : kDistances) {
    notified.set_used_event(static_cast<std::uint16_t>(notified.used() + distance));
    notified.serve(1);
    notified.expect_notification(fmt::format("with flags 0 and used_event {} ahead", distance));
    notified.set_used_event(static_cast<std::uint16_t>(notified.used() + distance));
    notified.serve(2);
    notified.expect_notification(fmt::format("for two, with flags 0 and used_event {} ahead", distance));
  }
}

void run_flags_zero(Context& context) {
  Notified notified(context, false);
  notified.set_flags(0);
  for (unsigned round = 0; round < 40; ++round) {
    notified.serve(1 + round % 2);
    notified.expect_notification("with flags 0");
  }
  // The control queue has flags of its own.
  notified.set_flags(kNoInterrupt);
  Driver& driver = notified.driver();
  static_cast<void>(driver.call(driver.control_queue(), driver.refused_control_request()));
  const bool message = context.has(kSeesMessages) && driver.vectors() > 0;
  context.expect(driver.comes_true([&] {
    return message ? driver.take_messages(driver.vector_of(driver.control_queue())) > 0 : notified.take();
  }),
                 "the control queue notifies while data queue 0 must not");
}

void run_flags_one(Context& context) {
  Notified notified(context, false);
  for (unsigned round = 0; round < 40; ++round) {
    notified.set_flags(kNoInterrupt);
    notified.set_used_event(notified.used());
    notified.serve(1 + round % 2);
    notified.expect_silence("with flags 1");
    notified.set_flags(0);
    notified.serve(1);
    notified.expect_notification("as soon as flags is 0 again");
  }
}

void run_flags_ignored(Context& context) {
  Notified notified(context, true);
  for (unsigned round = 0; round < 40; ++round) {
    notified.set_flags(round % 3 == 2 ? 0 : kNoInterrupt);
    notified.set_used_event(notified.used());
    notified.serve(1 + round % 2);
    notified.expect_notification("at used_event, whatever flags is");
  }
}

// One by one up to used_event and past it; in batches across it.
void expect_events(Notified& notified) {
  for (std::uint16_t ahead = 0; ahead < kSize; ++ahead) {
    notified.set_used_event(static_cast<std::uint16_t>(notified.used() + ahead));
    for (unsigned n = 0; n < ahead; ++n)
      notified.serve(1);
    notified.forget();
    notified.serve(1);
    notified.expect_notification(fmt::format("at used_event, {} requests ahead", ahead));
  }
  constexpr std::uint16_t kBatch = kSize / 2;
  for (std::uint16_t ahead = 0; ahead < kBatch; ++ahead) {
    notified.set_used_event(static_cast<std::uint16_t>(notified.used() + ahead));
    notified.serve(kBatch);
    notified.expect_notification(fmt::format("for a batch with used_event {} ahead", ahead));
  }
}

void run_used_event(Context& context) {
  Notified notified(context, true, 2 * kSize);
  for (int lap = 0; lap < 3; ++lap)
    expect_events(notified);
}

// Serves requests without notification until idx is there.
void go_to(Notified& notified, std::uint16_t index) {
  const unsigned most = notified.driver().ring(0).size() / 2U;  // requests have two descriptors
  while (notified.used() != index) {
    notified.set_used_event(static_cast<std::uint16_t>(notified.used() - 1));
    const auto left = static_cast<std::uint16_t>(index - notified.used());
    notified.serve(std::min<unsigned>(left, most));
  }
  notified.forget();
}

void run_used_event_wraps(Context& context) {
  Notified notified(context, true, 128);
  go_to(notified, 0xFFF8);
  while (notified.used() != 8) {
    const std::uint16_t next = notified.used();
    notified.set_used_event(next);
    notified.serve(1);
    notified.expect_notification(fmt::format("at used_event, {:#x}", next));
  }
  for (const std::uint16_t event : {std::uint16_t{0xFFFF}, std::uint16_t{1}}) {
    go_to(notified, 0xFFFC);
    notified.set_used_event(event);
    notified.serve(8);
    notified.expect_notification(fmt::format("for a batch from 0xfffc on, with used_event {:#x}", event));
  }
}

void run_used_event_elsewhere(Context& context) {
  Notified notified(context, true);
  notified.set_flags(0);
  for (const std::uint16_t distance : kDistances) {
    if (distance < 3) continue;
    notified.set_used_event(static_cast<std::uint16_t>(notified.used() + distance));
    notified.serve(1);
    notified.serve(2);
    notified.expect_silence(fmt::format("for 3 requests with used_event {} ahead", distance));
  }
  notified.set_used_event(notified.used());
  notified.serve(1);
  notified.expect_notification("once used_event is reached");
}

const Check kChecks[] = {
    {.id = "used-event-ignored",
     .title = "Without EVENT_IDX a used buffer is notified of whatever used_event is",
     .statements = {"SPLIT-DEV-009", "SPLIT-DEV-011"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_used_event_ignored},
    {.id = "used-flags-zero",
     .title = "Without EVENT_IDX flags of 0 make each used buffer a notification",
     .statements = {"SPLIT-DEV-011"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_flags_zero},
    {.id = "used-flags-one",
     .title = "Without EVENT_IDX flags of 1 keep the device silent",
     .statements = {"SPLIT-DEV-010"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_flags_one},
    {.id = "used-flags-ignored",
     .title = "With EVENT_IDX flags of 1 keep nothing back",
     .statements = {"SPLIT-DEV-012"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kSplit},
     .run = run_flags_ignored},
    {.id = "used-event",
     .title = "With EVENT_IDX a notification comes when idx passes used_event",
     .statements = {"SPLIT-DEV-013"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kSplit},
     .run = run_used_event},
    {.id = "used-event-wraps",
     .title = "With EVENT_IDX a notification comes when idx passes used_event, also where idx wraps",
     .statements = {"SPLIT-DEV-013"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kSplit},
     .run = run_used_event_wraps},
    {.id = "used-event-elsewhere",
     .title = "With EVENT_IDX no notification comes as long as used_event lies elsewhere",
     .statements = {"SPLIT-DEV-014"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kSplit},
     .run = run_used_event_elsewhere},
};

}  // namespace

std::span<const Check> used_notification_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
