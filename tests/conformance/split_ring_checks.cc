// VIRTIO 1.4, 2.7.5: descriptor tables of split virtqueues.
#include <cstring>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

// Data queue 0 with a chain that the check lays out itself, descriptor by descriptor.
class Handmade {
 public:
  explicit Handmade(Context& context) : driver_(context, {.features = feature::kIndirectDesc}) {
    driver_.start();
    known_ = bare(driver_, driver_.known_request());
  }

  [[nodiscard]] Driver& driver() { return driver_; }
  [[nodiscard]] std::vector<test::Segment> pieces(const Cut& how) { return place(driver_, known_, how); }

  // One behind the other in a table, or (`scattered`) anywhere in it but the first.
  [[nodiscard]] test::Descriptor table(std::span<const test::Segment> segments, bool scattered) {
    const test::Buffer table = driver_.memory().allocate(16 * segments.size());
    const auto count = static_cast<std::uint16_t>(segments.size());
    const auto place_of = [&](std::uint16_t n) {
      return scattered && n > 0 ? static_cast<std::uint16_t>(count - n) : n;
    };
    for (std::uint16_t n = 0; n < count; ++n) {
      test::Descriptor entry = descriptor_of(segments[n]);
      if (n + 1 < count) {
        entry.flags |= test::kNext;
        entry.next = place_of(static_cast<std::uint16_t>(n + 1));
      }
      write(table, place_of(n), entry);
    }
    return {.address = table.address,
            .length = static_cast<std::uint32_t>(table.bytes.size()),
            .flags = test::kIndirect,
            .next = 0};
  }

  // The descriptors, linked, at scattered places of the queue's own table. The answer is in `segments`.
  void expect_served(Context& context, std::vector<test::Descriptor> chain,
                     std::span<const test::Segment> segments) {
    const std::uint16_t size = driver_.ring(0).size();
    const auto place_of = [&](std::size_t n) { return static_cast<std::uint16_t>((11 + 5 * n) % size); };
    for (std::size_t n = 0; n < chain.size(); ++n) {
      if (n + 1 < chain.size()) {
        chain[n].flags |= test::kNext;
        chain[n].next = place_of(n + 1);
      }
      driver_.split_ring(0).set_descriptor(place_of(n), chain[n]);
    }
    driver_.split_ring(0).make_available(place_of(0));
    driver_.kick(0);
    context.expect_equal(next_used(driver_, 0).head, place_of(0), "id of the used element");
    test::Answer answer;
    for (const test::Segment& segment : segments) {
      const auto bytes = driver_.memory().at(segment.address, segment.length);
      if (segment.writable) answer.written.insert(answer.written.end(), bytes.begin(), bytes.end());
    }
    driver_.expect_known_answer(answer);
  }

  [[nodiscard]] static test::Descriptor descriptor_of(const test::Segment& segment) {
    return {.address = segment.address,
            .length = segment.length,
            .flags = segment.writable ? test::kWrite : std::uint16_t{0},
            .next = 0};
  }

 private:
  static void write(const test::Buffer& table, std::uint16_t index, const test::Descriptor& entry) {
    std::byte* place = table.bytes.data() + std::size_t{16} * index;
    std::memcpy(place, &entry.address, 8);
    std::memcpy(place + 8, &entry.length, 4);
    std::memcpy(place + 12, &entry.flags, 2);
    std::memcpy(place + 14, &entry.next, 2);
  }

  Driver driver_;
  BareRequest known_;
};

void run_indirect_write(Context& context) {
  Handmade handmade(context);
  for (const bool scattered : {false, true}) {
    for (const Cut& how : {Cut{}, Cut{.lengths = {9}}}) {
      const std::vector<test::Segment> segments = handmade.pieces(how);
      test::Descriptor table = handmade.table(segments, scattered);
      handmade.expect_served(context, {table}, segments);
      table.flags |= test::kWrite;
      context.note("now with WRITE in the descriptor of the table");
      handmade.expect_served(context, {table}, segments);
    }
  }
}

void run_chain_then_table(Context& context) {
  Handmade handmade(context);
  for (const Cut& how : {Cut{}, Cut{.lengths = {9}, .most = 40}, Cut{.lengths = {1}, .most = 30}}) {
    const std::vector<test::Segment> segments = handmade.pieces(how);
    for (std::size_t before = 0; before < segments.size(); ++before) {
      std::vector<test::Descriptor> chain;
      for (std::size_t n = 0; n < before; ++n)
        chain.push_back(Handmade::descriptor_of(segments[n]));
      chain.push_back(handmade.table(std::span(segments).subspan(before), before % 2 == 1));
      context.note(fmt::format("{} descriptors, then a table of {}", before, segments.size() - before));
      handmade.expect_served(context, std::move(chain), segments);
    }
  }
}

const Check kChecks[] = {
    {.id = "split-indirect-write",
     .title = "WRITE in a descriptor that points at a table makes no difference",
     .statements = {"SPLIT-DEV-007"},
     .needs = {.features = feature::kIndirectDesc, .ring = RingFormat::kSplit},
     .run = run_indirect_write},
    {.id = "split-chain-then-table",
     .title = "Ordinary descriptors, any number of them, may be followed by one that points at a table",
     .statements = {"SPLIT-DEV-008"},
     .needs = {.features = feature::kIndirectDesc, .ring = RingFormat::kSplit},
     .run = run_chain_then_table},
};

}  // namespace

std::span<const Check> split_ring_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
