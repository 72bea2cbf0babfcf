// VIRTIO 1.4, 2.8.10: used buffer notifications of packed virtqueues, and how a driver suppresses them. That
// section has no statements of its own: what is tested is that RING_PACKED and EVENT_IDX, being on offer, are
// honoured.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

using test::RingEvent;
using test::RingPosition;

constexpr std::uint16_t kSize = 8;
constexpr std::uint32_t kDescriptors = 2;  // of a request

// Data queue 0 with requests that the device refuses, and the driver's event suppression in the hands of the
// check.
class PackedNotified {
 public:
  // `tables`: requests take one slot each, with indirect tables.
  PackedNotified(Context& context, bool event_idx, bool tables = false)
      : context_(context),
        tables_(tables),
        msix_(context.has(kSeesMessages)),
        driver_(context,
                {.features = (event_idx ? feature::kEventIdx : 0) | (tables ? feature::kIndirectDesc : 0),
                 .declined = feature::kInOrder | (event_idx ? 0 : feature::kEventIdx),
                 .msix = msix_}) {
    start_with_size(driver_, kSize);
    chain_ = place(driver_, bare(driver_, driver_.refused_data_request()), {});
    if (chain_.size() != kDescriptors) throw std::logic_error("a request of another number of descriptors");
    forget();
  }

  void set_event(RingEvent event, RingPosition position = {}) {
    driver_.packed_ring(0).set_driver_event(event, position);
  }
  // Where the used descriptor of a request comes that has so many others before it.
  [[nodiscard]] RingPosition ahead(unsigned requests) {
    const test::PackedRing& ring = driver_.packed_ring(0);
    return ring.after(ring.next_used(), slots() * requests);
  }
  [[nodiscard]] unsigned requests_in_a_lap() const { return kSize / slots(); }

  [[nodiscard]] Driver& driver() { return driver_; }

  // So many requests at once, until they are back.
  void serve(unsigned requests) {
    for (unsigned n = 0; n < requests; ++n) {
      if (!driver_.ring(0).add(chain_, tables_))
        throw std::logic_error("more requests than the ring has room for");
    }
    driver_.kick(0);
    for (unsigned n = 0; n < requests; ++n)
      static_cast<void>(next_used(driver_, 0));
  }
  void forget() {
    driver_.settle();
    driver_.forget_messages();
  }
  void expect_notification(std::string_view when) {
    if (!driver_.comes_true([&] { return take(); }))
      context_.fail(fmt::format("no used buffer notification {}", when));
    context_.note(fmt::format("a notification {}", when));
    forget();
  }
  void expect_silence(std::string_view when) {
    driver_.settle();
    context_.expect(!take(), fmt::format("no used buffer notification {}", when));
  }

 private:
  [[nodiscard]] unsigned slots() const { return tables_ ? 1 : kDescriptors; }
  [[nodiscard]] bool take() {
    if (msix_ && driver_.vectors() > 0) return driver_.take_messages(driver_.vector_of(0)) > 0;
    return (driver_.pci().read_isr() & 1) != 0;
  }

  Context& context_;
  const bool tables_;
  const bool msix_;
  Driver driver_;
  std::vector<test::Segment> chain_;
};

void run_flags(Context& context) {
  PackedNotified notified(context, false);
  for (unsigned round = 0; round < 40; ++round) {
    notified.set_event(RingEvent::kEnable);
    notified.serve(1 + round % 2);
    notified.expect_notification("with events enabled");
    notified.set_event(RingEvent::kDisable);
    notified.serve(1 + round % 3);
    notified.expect_silence("with events disabled");
  }
}

void run_flags_with_event_idx(Context& context) {
  PackedNotified notified(context, true);
  for (unsigned round = 0; round < 40; ++round) {
    notified.set_event(RingEvent::kEnable, notified.ahead(2));
    notified.serve(1);
    notified.expect_notification("with events enabled, whatever descriptor is named");
    notified.set_event(RingEvent::kDisable, notified.ahead(0));
    notified.serve(1 + round % 3);
    notified.expect_silence("with events disabled, whatever descriptor is named");
  }
}

// One by one up to the descriptor that is named, and in a batch across it.
void expect_events(PackedNotified& notified) {
  const unsigned lap = notified.requests_in_a_lap();
  for (unsigned round = 0; round < 3 * lap; ++round) {
    for (unsigned before = 0; before < lap; ++before) {
      notified.set_event(RingEvent::kDescriptor, notified.ahead(before));
      for (unsigned n = 0; n < before; ++n)
        notified.serve(1);
      notified.forget();
      notified.serve(1);
      notified.expect_notification(fmt::format("for the one that is named, behind {} others", before));
    }
    notified.set_event(RingEvent::kDescriptor, notified.ahead(1));
    notified.serve(3);
    notified.expect_notification("for a batch across the one that is named");
  }
}

// Up to the descriptor that is named, which may be one of the next lap.
void expect_no_other_events(PackedNotified& notified) {
  const unsigned lap = notified.requests_in_a_lap();
  for (unsigned round = 0; round < 3 * lap; ++round) {
    const unsigned before = 1 + round % lap;
    notified.set_event(RingEvent::kDescriptor, notified.ahead(before));
    for (unsigned n = 0; n < before; ++n)
      notified.serve(1);
    notified.expect_silence(fmt::format("for {} requests before the one that is named", before));
    notified.serve(1);
    notified.expect_notification("for the one that is named");
  }
}

// With requests of two slots, and with those of one.
void for_both_lengths(Context& context, void (*body)(PackedNotified&)) {
  bool has_tables = false;
  {
    PackedNotified notified(context, true);
    body(notified);
    has_tables = (notified.driver().offered() & feature::kIndirectDesc) != 0;
  }
  if (!has_tables) return;
  PackedNotified notified(context, true, true);
  body(notified);
}

void run_event(Context& context) {
  for_both_lengths(context, expect_events);
}

void run_event_elsewhere(Context& context) {
  for_both_lengths(context, expect_no_other_events);
}

const Check kChecks[] = {
    {.id = "packed-used-flags",
     .title =
         "Packed, without EVENT_IDX: each used buffer is a notification, and none is with events disabled",
     .statements = {"FEAT-DEV-004"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_flags},
    {.id = "packed-used-event-flags",
     .title = "Packed, with EVENT_IDX: events can be enabled and disabled without naming a descriptor",
     .statements = {"FEAT-DEV-004"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kPacked},
     .run = run_flags_with_event_idx},
    {.id = "packed-used-event",
     .title = "Packed, with EVENT_IDX: a notification comes with the descriptor that the driver names",
     .statements = {"FEAT-DEV-004"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kPacked},
     .run = run_event},
    {.id = "packed-used-event-elsewhere",
     .title = "Packed, with EVENT_IDX: no notification comes before the descriptor that the driver names",
     .statements = {"FEAT-DEV-004"},
     .needs = {.features = feature::kEventIdx, .ring = RingFormat::kPacked},
     .run = run_event_elsewhere},
};

}  // namespace

std::span<const Check> packed_notification_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
