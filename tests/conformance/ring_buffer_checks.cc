// VIRTIO 1.4, 2.7.4.1, 2.7.5.1, 2.7.8.2, 2.8.15 and 2.8.18: what the device does with buffers, in either
// format of virtqueues.
#include <algorithm>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

// Both queues, with each cut: sessions are created, and encrypt.
void expect_cuts(Driver& driver, bool indirect) {
  const std::uint16_t control = driver.control_queue();
  for (const Cut& how : odd_cuts(driver.ring(control).size())) {
    test::Request create = cut(driver, driver.session_request(), how);
    const std::uint64_t session = driver.session_in(driver.call(control, create.indirect(indirect)));
    Cut for_data = how;
    for_data.most = driver.ring(0).size();
    test::Request known = cut(driver, driver.known_request(session), for_data);
    driver.expect_known_answer(driver.call(0, known.indirect(indirect)));
    static_cast<void>(driver.call(control, cut(driver, driver.close_request(session), how)));
  }
}

void run_framing(Context& context) {
  with_ring_features(context, [](Driver& driver) {
    start_with_largest(driver);
    expect_cuts(driver, false);
    if (!driver.has(feature::kIndirectDesc)) return;
    expect_cuts(driver, true);
    if (driver.has(feature::kRingPacked)) return;
    // Only `next` says what follows in a table.
    for (const std::uint16_t queue : {std::uint16_t{0}, driver.control_queue()})
      driver.split_ring(queue).shuffle_tables(true);
    expect_cuts(driver, true);
  });
}

// Without the id in all the others, which a device could do without looking at the last one.
void run_buffer_id(Context& context) {
  Driver driver(context);
  driver.start();
  for (const std::uint16_t queue : {std::uint16_t{0}, driver.control_queue()})
    driver.packed_ring(queue).repeat_ids(false);
  const Cut how{.lengths = {20}, .most = 16};
  for (int round = 0; round < 20; ++round) {
    driver.expect_known_answer(driver.call(0, cut(driver, driver.known_request(), how)));
    static_cast<void>(
        driver.call(driver.control_queue(), cut(driver, driver.refused_control_request(), how)));
  }
}

// Chains as long as the ring, and shorter ones, several times round.
void expect_chains(Context& context, Driver& driver, std::uint16_t size) {
  start_with_size(driver, size);
  context.note(fmt::format("queue_size: {}", size));
  const BareRequest known = bare(driver, driver.known_request());
  const std::size_t mark = driver.memory().mark();
  for (unsigned round = 0; round < 12; ++round) {
    const std::size_t most = round % 3 == 0 ? size : 2 + round % (size - 1U);
    const Cut how{.lengths = {1 + round % 2}, .most = most};
    driver.expect_known_answer(driver.call(0, request_of(place(driver, known, how))));
    driver.memory().rewind(mark);
  }
}

void run_ring_sizes(Context& context) {
  Driver driver(context);
  const std::size_t mark = driver.memory().mark();
  driver.negotiate();
  const std::uint16_t largest = largest_size(driver, 0);
  driver.reset();
  std::vector<std::uint16_t> sizes = {2, 4, 16, 128, largest};
  if (driver.has(feature::kRingPacked)) sizes.insert(sizes.end(), {3, 5, 7, 61});  // not only powers of 2
  for (const std::uint16_t size : sizes) {
    if (size > largest) continue;
    expect_chains(context, driver, size);
    driver.reset();
    driver.memory().rewind(mark);
  }
}

// What a device is asked for in one go, and where.
struct Errand {
  std::uint16_t queue;
  test::Request request;
};

std::vector<Errand> errands(Driver& driver) {
  return {{0, driver.known_request()},
          {0, driver.refused_data_request()},
          {driver.control_queue(), driver.session_request()},
          {driver.control_queue(), driver.refused_control_request()}};
}

void expect_left_alone(Context& context, Driver& driver, const Errand& errand, const Cut& how,
                       bool indirect) {
  const std::vector<test::Segment> segments = place(driver, bare(driver, errand.request), how);
  test::Request request = request_of(segments);
  const std::uint16_t head = driver.add(errand.queue, request.indirect(indirect));
  MemoryWatch watch(driver);
  watch.allow_rings();
  for (const test::Segment& segment : segments)
    watch.allow(segment);
  driver.kick(errand.queue);
  if (!driver.comes_true([&] { return driver.ring(errand.queue).poll().has_value(); }))
    context.fail(fmt::format("the request with head {} of queue {} does not come back", head, errand.queue));
  driver.settle();
  const std::string change = watch.change();
  context.expect(change.empty(), change.empty() ? "all other memory is as before" : change);
}

void run_left_alone(Context& context) {
  with_ring_features(context, [&](Driver& driver) {
    driver.start();
    for (const Errand& errand : errands(driver)) {
      for (const Cut& how : {Cut{.most = 60}, Cut{.lengths = {1}, .most = 60}, Cut{.lengths = {16, 3}}}) {
        expect_left_alone(context, driver, errand, how, false);
        if (driver.has(feature::kIndirectDesc)) expect_left_alone(context, driver, errand, how, true);
      }
    }
  });
}

// Nobody could make sense of these. Whether they come back is not the question here.
const BareRequest kNonsense[] = {
    {.readable = test::Bytes(160, std::byte{0xFF}), .writable = 48},
    {.readable = test::Bytes(72, std::byte{0}), .writable = 16},
    {.readable = test::Bytes(3, std::byte{0xA5}), .writable = 1},
    {.readable = test::Bytes(200, std::byte{0x01}), .writable = 0},
};

void run_left_alone_by_nonsense(Context& context) {
  Driver driver(context);
  for (unsigned n = 0; n < 2 * std::size(kNonsense); ++n) {
    driver.start();
    const std::uint16_t queue = n % 2 == 0 ? std::uint16_t{0} : driver.control_queue();
    const std::vector<test::Segment> segments = place(driver, kNonsense[n / 2], {.lengths = {20}});
    driver.add(queue, request_of(segments));
    MemoryWatch watch(driver);
    watch.allow_rings();
    for (const test::Segment& segment : segments)
      watch.allow(segment);
    driver.kick(queue);
    driver.settle();
    const std::string change = watch.change();
    context.expect(change.empty(), change.empty() ? "all other memory is as before" : change);
    driver.reset();
  }
}

// A device could read writable memory and forget it; what can be seen is that it makes use of it.
void run_writable_content(Context& context) {
  Driver driver(context);
  driver.start();
  const std::uint16_t control = driver.control_queue();
  const std::uint8_t refused = driver.call(0, driver.refused_data_request()).status();
  const std::uint8_t refused_control = driver.call(control, driver.refused_control_request()).status();
  for (const unsigned fill : {0x00U, 0xFFU, 0x5AU, 0x01U, 0x80U}) {
    const Cut how{.lengths = {24}, .fill = std::byte{static_cast<std::uint8_t>(fill)}};
    context.note(fmt::format("writable memory full of {:#04x}", fill));
    const test::Request create = cut(driver, driver.session_request(), how);
    const std::uint64_t session = driver.session_in(driver.call(control, create));
    driver.expect_known_answer(driver.call(0, cut(driver, driver.known_request(session), how)));
    context.expect_equal(driver.call(0, cut(driver, driver.refused_data_request(), how)).status(), refused,
                         "status of a refused data request");
    context.expect_equal(driver.call(control, cut(driver, driver.refused_control_request(), how)).status(),
                         refused_control, "status of a refused control request");
  }
}

// Bytes that keep what they were filled with, whatever that is, were not written.
void expect_written(Context& context, Driver& driver, const Errand& errand, Cut how) {
  const BareRequest request = bare(driver, errand.request);
  constexpr std::byte kFills[] = {std::byte{0x00}, std::byte{0xFF}, std::byte{0x5A}};
  std::vector<test::Answer> answers;
  for (const std::byte fill : kFills) {
    how.fill = fill;
    answers.push_back(driver.call(errand.queue, request_of(place(driver, request, how))));
    context.expect(answers.back().used_length <= request.writable,
                   fmt::format("len, {}, is at most the {} bytes of the buffer", answers.back().used_length,
                               request.writable));
  }
  const std::size_t written =
      std::min({answers[0].used_length, answers[1].used_length, answers[2].used_length});
  for (std::size_t i = 0; i < written; ++i) {
    bool kept = true;
    for (std::size_t n = 0; n < answers.size(); ++n)
      kept = kept && answers[n].written[i] == kFills[n];
    if (kept) context.fail(fmt::format("len is {}, but byte {} was not written", written, i));
  }
}

void run_used_length(Context& context) {
  Driver driver(context);
  driver.start();
  for (const Errand& errand : errands(driver)) {
    for (const Cut& how : {Cut{}, Cut{.lengths = {5}}, Cut{.lengths = {1}}})
      expect_written(context, driver, errand, how);
  }
}

const Check kChecks[] = {
    {.id = "split-framing",
     .title = "Requests mean the same however they are cut into descriptors, in a table or not",
     .statements = {"SPLIT-DEV-001"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_framing},
    {.id = "packed-framing",
     .title = "Requests are read and answered in the order of their elements, however they are cut",
     .statements = {"PACKED-DEV-008"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_framing},
    // 2.8.6 has no statement of its own: what is tested is that RING_PACKED, being on offer, is honoured.
    {.id = "packed-buffer-id",
     .title = "The buffer id of a list of descriptors is that of its last one",
     .statements = {"FEAT-DEV-004"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_buffer_id},
    {.id = "split-ring-sizes",
     .title = "Chains of any number of descriptors work on rings of every size, several times round",
     .statements = {"SPLIT-DEV-001"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_ring_sizes},
    {.id = "packed-ring-sizes",
     .title = "Chains of any number of descriptors work on rings of every size, several times round",
     .statements = {"PACKED-DEV-008"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_ring_sizes},
    {.id = "split-left-alone",
     .title = "Nothing but writable buffers and used rings changes when requests are served",
     .statements = {"SPLIT-DEV-003", "SPLIT-DEV-006"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_left_alone},
    {.id = "packed-left-alone",
     .title = "Nothing but writable buffers and rings changes when requests are served",
     .statements = {"PACKED-DEV-004"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_left_alone},
    {.id = "split-left-alone-by-nonsense",
     .title = "Nothing but writable buffers and used rings changes when requests make no sense",
     .statements = {"SPLIT-DEV-003", "SPLIT-DEV-006"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_left_alone_by_nonsense},
    {.id = "packed-left-alone-by-nonsense",
     .title = "Nothing but writable buffers and rings changes when requests make no sense",
     .statements = {"PACKED-DEV-004"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_left_alone_by_nonsense},
    {.id = "split-writable-content",
     .title = "What lies in writable memory before makes no difference",
     .statements = {"SPLIT-DEV-004"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_writable_content},
    {.id = "packed-writable-content",
     .title = "What lies in writable memory before makes no difference",
     .statements = {"PACKED-DEV-005"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_writable_content},
    {.id = "split-used-length",
     .title = "The first len bytes of a used buffer were written",
     .statements = {"SPLIT-DEV-016"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_used_length},
};

}  // namespace

std::span<const Check> ring_buffer_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
