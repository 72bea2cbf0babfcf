#include "tests/conformance/ring_probe.h"

#include <algorithm>
#include <atomic>
#include <bit>

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

// Puts one part into memory, piece after piece, with a byte of nobody's before each.
void place_part(Driver& driver, std::span<const std::byte> content, bool writable, const Cut& cut,
                std::size_t most, std::vector<test::Segment>& segments) {
  for (std::size_t piece = 0; !content.empty(); ++piece) {
    const std::size_t wanted = cut.lengths[piece % cut.lengths.size()];
    const std::size_t length = piece + 1 == most ? content.size() : std::min(wanted, content.size());
    driver.memory().allocate(1, 2);
    const test::Buffer buffer = driver.memory().allocate(content.first(length), 1);
    segments.push_back({buffer.address, static_cast<std::uint32_t>(length), writable});
    content = content.subspan(length);
  }
}

std::span<std::byte> area(Driver& driver, std::uint64_t address, std::size_t split, std::size_t packed) {
  return driver.memory().at(address, driver.has(feature::kRingPacked) ? packed : split);
}

}  // namespace

BareRequest bare(Driver& driver, const test::Request& request) {
  const std::size_t mark = driver.memory().mark();
  BareRequest bare;
  for (const test::Segment& segment : test::place(driver.memory(), request)) {
    const auto bytes = driver.memory().at(segment.address, segment.length);
    if (segment.writable) {
      bare.writable += bytes.size();
    } else {
      bare.readable.insert(bare.readable.end(), bytes.begin(), bytes.end());
    }
  }
  driver.memory().rewind(mark);
  return bare;
}

std::vector<test::Segment> place(Driver& driver, const BareRequest& request, const Cut& cut) {
  const std::size_t readable = std::max<std::size_t>(1, cut.most * 2 / 3);
  const std::size_t writable = std::max<std::size_t>(1, cut.most - readable);
  std::vector<test::Segment> segments;
  place_part(driver, request.readable, false, cut, readable, segments);
  place_part(driver, test::Bytes(request.writable, cut.fill), true, cut, writable, segments);
  driver.memory().allocate(1, 1);
  return segments;
}

test::Request request_of(std::span<const test::Segment> segments) {
  test::Request request;
  for (const test::Segment& segment : segments)
    request.at(segment.address, segment.length, segment.writable);
  return request;
}

std::vector<Cut> odd_cuts(std::size_t most) {
  std::vector<Cut> cuts;
  const std::vector<std::size_t> lengths[] = {{SIZE_MAX}, {1},  {2},     {3},        {5},     {7, 1}, {8},
                                              {13},       {16}, {1, 31}, {24, 1, 1}, {40, 3}, {71, 2}};
  for (const auto& each : lengths)
    cuts.push_back({.lengths = each, .most = most});
  return cuts;
}

std::span<std::byte> descriptor_area(Driver& driver, std::uint16_t queue) {
  const std::size_t bytes = std::size_t{16} * driver.ring(queue).size();
  return area(driver, driver.ring(queue).descriptor_area(), bytes, bytes);
}

std::span<std::byte> driver_area(Driver& driver, std::uint16_t queue) {
  const std::size_t size = driver.ring(queue).size();
  return area(driver, driver.ring(queue).driver_area(), 6 + 2 * size, 4);
}

std::span<std::byte> device_area(Driver& driver, std::uint16_t queue) {
  const std::size_t size = driver.ring(queue).size();
  return area(driver, driver.ring(queue).device_area(), 6 + 8 * size, 4);
}

std::uint16_t get16(std::span<std::byte> area, std::size_t offset) {
  return std::atomic_ref(*reinterpret_cast<std::uint16_t*>(area.data() + offset)).load();
}

void put16(std::span<std::byte> area, std::size_t offset, std::uint16_t value) {
  std::atomic_ref(*reinterpret_cast<std::uint16_t*>(area.data() + offset)).store(value);
}

void MemoryWatch::allow(const test::Segment& segment) {
  if (segment.writable) allowed_.push_back(segment);
}

void MemoryWatch::allow_rings() {
  for (std::uint16_t queue = 0; queue <= driver_.control_queue(); ++queue) {
    const test::DriverRing& ring = driver_.ring(queue);
    const auto bytes = static_cast<std::uint32_t>(device_area(driver_, queue).size());
    allowed_.push_back({ring.device_area(), bytes, true});
    if (driver_.has(feature::kRingPacked))  // used descriptors take the places of available ones
      allowed_.push_back({ring.descriptor_area(), std::uint32_t{16} * ring.size(), true});
  }
}

void MemoryWatch::allow_suppression(std::uint16_t from) {
  for (std::uint16_t queue = from; queue <= driver_.control_queue(); ++queue) {
    const test::DriverRing& ring = driver_.ring(queue);
    allowed_.push_back({ring.device_area(), driver_.has(feature::kRingPacked) ? 4U : 2U, true});
    if (driver_.has(feature::kRingPacked)) continue;
    allowed_.push_back({ring.device_area() + 4 + std::uint64_t{8} * ring.size(), 2, true});
  }
}

std::string MemoryWatch::change() const {
  test::Bytes expected = before_;
  const test::Bytes seen = driver_.memory_content();
  const std::uint64_t start = driver_.memory().allocate(0, 1).address - seen.size();
  for (const test::Segment& segment : allowed_)
    std::copy_n(seen.begin() + static_cast<std::ptrdiff_t>(segment.address - start), segment.length,
                expected.begin() + static_cast<std::ptrdiff_t>(segment.address - start));
  const auto [was, is] = std::mismatch(expected.begin(), expected.end(), seen.begin());
  if (was == expected.end()) return {};
  return fmt::format("address {:#x}, which the device must leave alone, was {:#04x} and is {:#04x}",
                     start + static_cast<std::uint64_t>(was - expected.begin()),
                     std::to_integer<unsigned>(*was), std::to_integer<unsigned>(*is));
}

std::uint16_t largest_size(Driver& driver, std::uint16_t queue) {
  // What a queue offers is what its register reads before it is written.
  return std::bit_floor(static_cast<std::uint16_t>(driver.read_queue(queue, test::common::kQueueSize)));
}

void start_with_size(Driver& driver, std::uint16_t size) {
  driver.negotiate();
  for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue) {
    const std::uint16_t largest = largest_size(driver, queue);
    driver.set_up_queue(queue, std::min<std::uint16_t>(largest, queue == 0 ? size : 256));
  }
  driver.set_driver_ok();
}

void start_with_largest(Driver& driver) {
  start_with_size(driver, largest_size(driver, 0));
}

std::vector<std::uint64_t> ring_features(Driver& driver) {
  constexpr std::uint64_t kRing[] = {feature::kIndirectDesc, feature::kEventIdx, feature::kInOrder,
                                     feature::kNotificationData};
  const std::uint64_t offered = driver.offered() & ~driver.context().settings().features_off;
  std::vector<std::uint64_t> subsets = {driver.features()};
  std::uint64_t all = driver.features();
  for (const std::uint64_t one : kRing) {
    if ((offered & one) == 0 || driver.has(one)) continue;
    subsets.push_back(driver.features() | one);
    all |= one;
  }
  if (subsets.size() > 2) subsets.push_back(all);
  return subsets;
}

test::Used next_used(Driver& driver, std::uint16_t queue) {
  std::optional<test::Used> used;
  if (!driver.comes_true([&] { return (used = driver.ring(queue).poll()).has_value(); }))
    driver.context().fail(fmt::format("no buffer of queue {} is used (device_status {:#x})", queue,
                                      driver.pci().device_status()));
  return *used;
}

}  // namespace virtcrypt::conformance
