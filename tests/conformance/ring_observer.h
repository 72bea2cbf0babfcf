// Sees used buffers at the very moment when the device shows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "tests/conformance/driver.h"

namespace virtcrypt::conformance {

// Element (split) or descriptor (packed), and the buffer, as they were when the device showed them as used.
struct Sighting {
  test::Bytes element;
  test::Bytes written;
};

// A thread that looks at memory all the time, next to a driver that uses the ring.
// Thread-safety: all calls from one thread.
class RingObserver {
 public:
  // A fresh ring, and requests of `slots` descriptors each, one at a time: `answers` is their writable
  // memory.
  RingObserver(Driver& driver, std::uint16_t queue, std::vector<std::span<std::byte>> answers,
               std::size_t slots);

  // Waits for the last of them; all of them are used by now.
  [[nodiscard]] const std::vector<Sighting>& sightings();
  // What is at the place of the n-th element now.
  [[nodiscard]] std::span<const std::byte> element(std::size_t n) const;

 private:
  void look(const std::stop_token& stop);
  [[nodiscard]] bool is_used(std::size_t n) const;

  const bool packed_;
  const std::span<std::byte> area_;  // of used elements
  const std::vector<std::span<std::byte>> answers_;
  const std::size_t slots_;
  std::vector<Sighting> sightings_;
  std::jthread thread_;  // last: uses all of these
};

}  // namespace virtcrypt::conformance
