// The driver side of a virtqueue as a fast driver has it: chains are placed once, and made available again
// and again (VIRTIO 1.4, 2.7 and 2.8).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tests/driver/driver_memory.h"
#include "tests/driver/driver_ring.h"

namespace virtcrypt::bench {

struct RingShape {
  bool packed = false;
  bool indirect = true;  // one descriptor a chain, which points at a table
  std::uint16_t chains = 1;
  std::uint16_t segments = 1;  // of each chain
};

// Thread-safety: one driver thread. Every chain has the same number of segments.
class LeanRing : public test::DriverRing {
 public:
  // The smallest ring of the format that holds all chains.
  [[nodiscard]] static std::uint16_t size_for(const RingShape& shape);
  [[nodiscard]] static std::unique_ptr<LeanRing> make(test::DriverMemory& memory, const RingShape& shape);

  // Gives chain number `chain` its segments. Before traffic.
  virtual void place(std::uint16_t chain, std::span<const test::Segment> segments) = 0;

  // Makes a placed chain, which is not in flight, available with the next publish().
  virtual void add(std::uint16_t chain) = 0;
  virtual void publish() = 0;  // then see needs_kick()

  // The next chain that came back.
  [[nodiscard]] virtual std::optional<std::uint16_t> take() = 0;

  // Of DriverRing what a driver of placed chains has no use for.
  [[nodiscard]] std::optional<test::Used> poll() final { return std::nullopt; }
  [[nodiscard]] std::size_t free_descriptors() const final { return 0; }
  [[nodiscard]] std::uint16_t next_available() const final { return 0; }

 protected:
  [[nodiscard]] std::optional<std::uint16_t> put(std::span<const test::Segment>, bool) final {
    return std::nullopt;
  }
};

}  // namespace virtcrypt::bench
