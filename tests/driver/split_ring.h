// The driver side of a split virtqueue (VIRTIO 1.4, 2.7), written independently of the device side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/driver/test_memory.h"

namespace virtcrypt::test {

struct Descriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
  std::uint16_t next = 0;
};
constexpr std::uint16_t kNext = 1;
constexpr std::uint16_t kWrite = 2;
constexpr std::uint16_t kIndirect = 4;

struct Segment {
  std::uint64_t address;
  std::uint32_t length;
  bool writable;
};

struct Used {
  std::uint32_t head;
  std::uint32_t length;
};

// Thread-safety: one driver thread; the device works on the other side of the memory.
class SplitRing {
 public:
  SplitRing(TestMemory& memory, std::uint16_t size, bool event_idx);

  [[nodiscard]] std::uint16_t size() const { return size_; }
  [[nodiscard]] std::uint64_t descriptor_area() const { return descriptors_.address; }
  [[nodiscard]] std::uint64_t driver_area() const { return avail_.address; }
  [[nodiscard]] std::uint64_t device_area() const { return used_.address; }

  // Puts a chain into free descriptors, and makes it available. With `indirect`, one descriptor points at a
  // table allocated from the memory. Returns the head, or nothing when there are not enough descriptors.
  [[nodiscard]] std::optional<std::uint16_t> add(std::span<const Segment> segments, bool indirect = false);

  // Whether the device asks for an available buffer notification for what was added since the last call.
  [[nodiscard]] bool needs_kick();

  // The next used element; frees its descriptors.
  [[nodiscard]] std::optional<Used> poll();

  // Asks for an interrupt with the next used element (EVENT_IDX: used_event), or for none.
  void want_interrupt(bool wanted);

  // For hostile drivers: anything, anywhere.
  void set_descriptor(std::uint16_t index, const Descriptor& descriptor);
  void set_avail_entry(std::uint16_t position, std::uint16_t head);
  void set_avail_index(std::uint16_t index);
  [[nodiscard]] std::uint16_t avail_index() const;
  void make_available(std::uint16_t head);  // no questions asked
  [[nodiscard]] std::uint16_t used_index() const;
  void set_used_event(std::uint16_t index);
  [[nodiscard]] std::size_t free_descriptors() const { return free_.size(); }

 private:
  TestMemory& memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  Buffer descriptors_, avail_, used_;
  std::vector<std::uint16_t> free_;
  std::vector<std::vector<std::uint16_t>> chain_of_head_;
  std::uint16_t next_avail_ = 0;
  std::uint16_t last_used_ = 0;
  std::uint16_t last_kick_ = 0;
};

}  // namespace virtcrypt::test
