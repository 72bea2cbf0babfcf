// The driver side of a split virtqueue (VIRTIO 1.4, 2.7), written independently of the device side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "tests/driver/driver_memory.h"
#include "tests/driver/driver_ring.h"

namespace virtcrypt::test {

struct Descriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
  std::uint16_t next = 0;
};

// Thread-safety: one driver thread; the device works on the other side of the memory.
class SplitRing final : public DriverRing {
 public:
  // With `in_order`, descriptors are taken in the order of the table (2.7.5).
  SplitRing(DriverMemory& memory, std::uint16_t size, bool event_idx, bool in_order = false);

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t descriptor_area() const override { return descriptors_.address; }
  [[nodiscard]] std::uint64_t driver_area() const override { return avail_.address; }
  [[nodiscard]] std::uint64_t device_area() const override { return used_.address; }
  [[nodiscard]] std::size_t free_descriptors() const override { return free_.size(); }
  [[nodiscard]] bool needs_kick() override;
  [[nodiscard]] std::uint16_t next_available() const override { return next_avail_; }
  [[nodiscard]] std::optional<Used> poll() override;
  void want_interrupt(bool wanted) override;  // EVENT_IDX: through used_event

  // The entries of indirect tables do not stand in the order of the chain: only `next` leads from one to the
  // other.
  void shuffle_tables(bool shuffle) { shuffles_tables_ = shuffle; }

  // For hostile drivers: anything, anywhere.
  void set_descriptor(std::uint16_t index, const Descriptor& descriptor);
  void set_avail_entry(std::uint16_t position, std::uint16_t head);
  void set_avail_index(std::uint16_t index);
  [[nodiscard]] std::uint16_t avail_index() const;
  void make_available(std::uint16_t head);  // no questions asked
  [[nodiscard]] std::uint16_t used_index() const;
  void set_used_event(std::uint16_t index);

 private:
  [[nodiscard]] std::optional<std::uint16_t> put(std::span<const Segment> segments, bool indirect) override;

  DriverMemory& memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  const bool in_order_;
  bool shuffles_tables_ = false;
  Buffer descriptors_, avail_, used_;
  std::deque<std::uint16_t> free_;  // taken from the front
  std::vector<std::vector<std::uint16_t>> chain_of_head_;
  std::uint16_t next_avail_ = 0;
  std::uint16_t last_used_ = 0;
  std::uint16_t last_kick_ = 0;
};

}  // namespace virtcrypt::test
