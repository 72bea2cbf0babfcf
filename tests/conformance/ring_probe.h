// For checks that look at what a virtqueue does to memory, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/conformance/driver.h"

namespace virtcrypt::conformance {

// A request without descriptors: what the device is to read, and how much it may write.
struct BareRequest {
  test::Bytes readable;
  std::size_t writable = 0;
};
[[nodiscard]] BareRequest bare(Driver& driver, const test::Request& request);

// How a request is cut into descriptors: lengths of pieces, over and over again; each part's last piece takes
// what would not fit into `most` descriptors.
struct Cut {
  std::vector<std::size_t> lengths = {SIZE_MAX};
  std::size_t most = 64;
  std::byte fill{0xEE};  // of writable memory
};
// Pieces lie apart from each other, at odd addresses.
[[nodiscard]] std::vector<test::Segment> place(Driver& driver, const BareRequest& request, const Cut& cut);
[[nodiscard]] test::Request request_of(std::span<const test::Segment> segments);
[[nodiscard]] inline test::Request cut(Driver& driver, const test::Request& request, const Cut& how) {
  return request_of(place(driver, bare(driver, request), how));
}
// Cuts that a device must not mind, none of more than `most` descriptors.
[[nodiscard]] std::vector<Cut> odd_cuts(std::size_t most);

// Where the areas of a queue lie, as the driver sees them. Packed: driver's and device's event suppression.
[[nodiscard]] std::span<std::byte> descriptor_area(Driver& driver, std::uint16_t queue);
[[nodiscard]] std::span<std::byte> driver_area(Driver& driver, std::uint16_t queue);
[[nodiscard]] std::span<std::byte> device_area(Driver& driver, std::uint16_t queue);
[[nodiscard]] std::uint16_t get16(std::span<std::byte> area, std::size_t offset);
void put16(std::span<std::byte> area, std::size_t offset, std::uint16_t value);

// What was in memory; tells what of it has changed.
class MemoryWatch {
 public:
  explicit MemoryWatch(Driver& driver) : driver_(driver), before_(driver.memory_content()) {}

  // The device may write there.
  void allow(const test::Segment& segment);
  // And into what the format of the ring lets it write of every queue.
  void allow_rings();
  // Or, of queues from this one on, only into what suppresses notifications.
  void allow_suppression(std::uint16_t from = 0);
  // The address and content of the first change elsewhere; empty when there is none.
  [[nodiscard]] std::string change() const;

 private:
  Driver& driver_;
  const test::Bytes before_;
  std::vector<test::Segment> allowed_;
};

// Largest size of a queue that the device offers, as a power of 2.
[[nodiscard]] std::uint16_t largest_size(Driver& driver, std::uint16_t queue);
// To DRIVER_OK, with data queue 0 of this size, or the largest that it offers.
void start_with_size(Driver& driver, std::uint16_t size);
void start_with_largest(Driver& driver);

// Subsets of the features that concern rings, each with what the driver accepts anyway: none, one, all.
[[nodiscard]] std::vector<std::uint64_t> ring_features(Driver& driver);
// Runs `body` with a driver that has been reset, for each of them.
template <typename Body>
void with_ring_features(Context& context, Body body) {
  Driver driver(context);
  const std::size_t mark = driver.memory().mark();
  for (const std::uint64_t features : ring_features(driver)) {
    driver.set_features(features);
    context.note(fmt::format("accepted: {:#x}", features));
    body(driver);
    driver.reset();
    driver.memory().rewind(mark);
  }
}

// The next used element of a queue; the check fails when none comes. Not together with Driver::wait().
[[nodiscard]] test::Used next_used(Driver& driver, std::uint16_t queue);

}  // namespace virtcrypt::conformance
