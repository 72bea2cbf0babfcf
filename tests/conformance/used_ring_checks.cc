// VIRTIO 1.4, 2.7.8.2, 2.8.12 and 2.8.15: used elements, in either format of virtqueues.
#include <algorithm>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_observer.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

constexpr std::size_t kElementLength = 4, kDescriptorLength = 8;  // where len lies

std::uint32_t length_in(const Driver& driver, std::span<const std::byte> element) {
  const std::size_t at = driver.has(feature::kRingPacked) ? kDescriptorLength : kElementLength;
  std::uint32_t length = 0;
  std::copy_n(element.begin() + static_cast<std::ptrdiff_t>(at), sizeof length,
              reinterpret_cast<std::byte*>(&length));
  return length;
}

test::Answer answer_in(std::span<const std::byte> memory) {
  return {.used_length = 0, .written = {memory.begin(), memory.end()}};
}

// Requests with one writable piece each, ready to be put on a ring one after the other.
struct Prepared {
  std::vector<std::vector<test::Segment>> chains;
  std::vector<std::span<std::byte>> answers;
};

Prepared prepare(Driver& driver, std::size_t most) {
  constexpr std::size_t kDescriptors = 2;
  const BareRequest known = bare(driver, driver.known_request());
  Prepared prepared;
  for (std::size_t n = 0; n < std::min<std::size_t>(most, driver.ring(0).size() / kDescriptors); ++n) {
    prepared.chains.push_back(place(driver, known, {}));
    const test::Segment& answer = prepared.chains.back().back();
    prepared.answers.push_back(driver.memory().at(answer.address, answer.length));
  }
  return prepared;
}

void compare(Context& context, Driver& driver, RingObserver& observer, const Prepared& prepared) {
  const std::vector<Sighting>& sightings = observer.sightings();
  for (std::size_t n = 0; n < sightings.size(); ++n) {
    const Sighting& seen = sightings[n];
    context.expect_equal(seen.element, observer.element(n), "a used element, the moment it is shown");
    const std::size_t length = std::min<std::size_t>(length_in(driver, seen.element), seen.written.size());
    context.expect_equal(std::span(seen.written).first(length), prepared.answers[n].first(length),
                         "the first len bytes of the buffer at that moment");
    driver.expect_known_answer(answer_in(prepared.answers[n]));
  }
}

void run_observed(Context& context) {
  constexpr unsigned kRounds = 5;
  for (unsigned round = 0; round < kRounds; ++round) {
    Driver driver(context);
    start_with_largest(driver);
    const Prepared prepared = prepare(driver, 100);
    RingObserver observer(driver, 0, prepared.answers, prepared.chains.front().size());
    for (const std::vector<test::Segment>& chain : prepared.chains) {
      const auto head = driver.ring(0).add(chain);
      driver.kick(0);
      context.expect(next_used(driver, 0).head == *head, "the one buffer on the ring comes back");
    }
    driver.settle();
    compare(context, driver, observer, prepared);
  }
}

// Batches on a small ring: every place is used again and again, by answers of different lengths.
class Laps {
 public:
  Laps(Context& context, Driver& driver)
      : context_(context),
        driver_(driver),
        kinds_{bare(driver, driver.known_request()), bare(driver, driver.refused_data_request())},
        most_(std::min<std::size_t>(4, driver.ring(0).size())),
        mark_(driver.memory().mark()) {}

  void run(unsigned rounds) {
    for (unsigned round = 0; round < rounds; ++round) {
      // With IN_ORDER a device may show a batch of several in one element (2.7.9, 2.8.8).
      const unsigned wanted = driver_.has(feature::kInOrder) ? 1 : 1 + round % 5;
      add(wanted, round);
      forget_taken_slots();
      driver_.kick(0);
      take();
      driver_.memory().rewind(mark_);
    }
  }

 private:
  struct Pending {
    bool known;
    std::vector<test::Segment> chain;
  };
  using Shown = std::vector<std::pair<std::span<std::byte>, test::Bytes>>;

  void add(unsigned wanted, unsigned round) {
    for (unsigned n = 0; n < wanted; ++n) {
      const bool known = (round + n) % 3 != 0;
      const Cut how{.lengths = {40}, .most = most_ - (most_ > 2 ? round % 2 : 0)};
      std::vector<test::Segment> chain = place(driver_, kinds_[known ? 0 : 1], how);
      const auto head = driver_.ring(0).add(chain);
      if (!head) return;
      pending_[*head] = {known, std::move(chain)};
    }
  }

  // Slots of a packed ring that the driver has not taken for new requests stay as they are. Entries of a used
  // ring are the device's to write again.
  void forget_taken_slots() {
    std::erase_if(earlier_, [](const auto& slot) {
      return !std::equal(slot.second.begin(), slot.second.end(), slot.first.begin());
    });
  }

  void take() {
    Shown shown;
    while (!pending_.empty()) {
      std::span<std::byte> place;
      if (driver_.has(feature::kRingPacked)) {
        place = descriptor_area(driver_, 0)
                    .subspan(std::size_t{16} * driver_.packed_ring(0).next_used().slot, 16);
      } else {
        place = device_area(driver_, 0).subspan(4 + std::size_t{8} * (taken_++ % driver_.ring(0).size()), 8);
      }
      const test::Used used = next_used(driver_, 0);
      shown.emplace_back(place, test::Bytes(place.begin(), place.end()));
      expect_answer(used);
    }
    driver_.settle();
    for (const auto& [place, bytes] : shown)
      context_.expect_equal(place, bytes, "a used element, later");
    for (const auto& [place, bytes] : earlier_)
      context_.expect_equal(place, bytes, "a used descriptor, after others");
    if (driver_.has(feature::kRingPacked)) earlier_ = std::move(shown);
  }

  void expect_answer(const test::Used& used) {
    const auto found = pending_.find(static_cast<std::uint16_t>(used.head));
    if (used.head > 0xFFFF || found == pending_.end())
      context_.fail(fmt::format("buffer {} is used, but is not in flight", used.head));
    test::Answer answer{.used_length = used.length, .written = {}};
    for (const test::Segment& segment : found->second.chain) {
      const auto bytes = driver_.memory().at(segment.address, segment.length);
      if (segment.writable) answer.written.insert(answer.written.end(), bytes.begin(), bytes.end());
    }
    context_.expect(
        used.length <= answer.written.size(),
        fmt::format("len, {}, is at most the buffer's {} bytes", used.length, answer.written.size()));
    if (found->second.known) {
      driver_.expect_known_answer(answer);
    } else {
      context_.expect(answer.status() != 0, "a request without session is refused");
    }
    pending_.erase(found);
  }

  Context& context_;
  Driver& driver_;
  const BareRequest kinds_[2];
  const std::size_t most_;
  const std::size_t mark_;
  std::map<std::uint16_t, Pending> pending_;  // by head
  std::size_t taken_ = 0;
  Shown earlier_;  // packed: of the batch before
};

void run_laps(Context& context) {
  with_ring_features(context, [&](Driver& driver) {
    const std::uint64_t features = driver.features();
    const std::size_t mark = driver.memory().mark();
    for (const std::uint16_t size : {std::uint16_t{2}, std::uint16_t{8}, std::uint16_t{32}}) {
      driver.set_features(features);
      start_with_size(driver, size);
      Laps(context, driver).run(60);
      driver.reset();
      driver.memory().rewind(mark);
    }
  });
}

const Check kChecks[] = {
    {.id = "split-used-observed",
     .title = "When idx advances, the element and the first len bytes of the buffer are there",
     .statements = {"SPLIT-DEV-015", "SPLIT-DEV-016"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_observed},
    {.id = "packed-used-observed",
     .title = "A descriptor is shown as used when its request is complete, and does not change any more",
     .statements = {"PACKED-DEV-002", "PACKED-DEV-007"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_observed},
    {.id = "split-used-laps",
     .title =
         "Elements, many times round the ring, have the id and len of their buffers when idx covers them",
     .statements = {"SPLIT-DEV-015"},
     .needs = {.ring = RingFormat::kSplit},
     .run = run_laps},
    {.id = "packed-used-laps",
     .title = "Used descriptors, many times round the ring, stay as they are until the driver takes the slot",
     .statements = {"PACKED-DEV-002", "PACKED-DEV-007"},
     .needs = {.ring = RingFormat::kPacked},
     .run = run_laps},
};

}  // namespace

std::span<const Check> used_ring_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
