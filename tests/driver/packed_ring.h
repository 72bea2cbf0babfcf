// The driver side of a packed virtqueue (VIRTIO 1.4, 2.8), written independently of the device side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/driver/driver_memory.h"
#include "tests/driver/driver_ring.h"

namespace virtcrypt::test {

constexpr std::uint16_t kAvail = 1 << 7;  // 2.8.1
constexpr std::uint16_t kUsed = 1 << 15;

struct PackedDescriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
};

// Values of the event flags (2.8.10).
enum class RingEvent : std::uint16_t { kEnable = 0, kDisable = 1, kDescriptor = 2, kReserved = 3 };

// A slot of the ring in a certain lap.
struct RingPosition {
  std::uint16_t slot = 0;
  bool wrap = true;
  friend bool operator==(const RingPosition&, const RingPosition&) = default;
};

// Buffer ids are given out last in, first out, so they do not follow the order of the ring.
class PackedRing final : public DriverRing {
 public:
  PackedRing(DriverMemory& memory, std::uint16_t size, bool event_idx);

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t descriptor_area() const override { return descriptors_.address; }
  [[nodiscard]] std::uint64_t driver_area() const override { return driver_event_.address; }
  [[nodiscard]] std::uint64_t device_area() const override { return device_event_.address; }
  [[nodiscard]] std::size_t free_descriptors() const override { return free_slots_; }
  [[nodiscard]] bool needs_kick() override;
  [[nodiscard]] std::uint16_t next_available() const override;
  [[nodiscard]] std::optional<Used> poll() override;
  void want_interrupt(bool wanted) override;  // EVENT_IDX: by naming the next used descriptor

  // 2.8.6: only the id in the last descriptor of a list counts; the others hold something else on purpose, or
  // the same as most drivers do.
  void repeat_ids(bool repeat) { repeats_ids_ = repeat; }

  // For tests that look closer, and for hostile drivers: anything, anywhere.
  [[nodiscard]] RingPosition next_avail() const { return next_avail_; }
  [[nodiscard]] RingPosition next_used() const { return next_used_; }
  [[nodiscard]] RingPosition after(RingPosition position, std::uint32_t slots = 1) const;
  [[nodiscard]] static std::uint16_t available_bits(bool wrap) { return wrap ? kAvail : kUsed; }
  [[nodiscard]] PackedDescriptor descriptor(std::uint16_t slot) const;
  void set_descriptor(std::uint16_t slot, const PackedDescriptor& descriptor);  // flags as they are
  void push(const PackedDescriptor& descriptor);  // at next_avail(), with its AVAIL and USED bits
  void set_driver_event(RingEvent event, RingPosition position = {});
  void set_driver_event(RingEvent event, std::uint16_t offset_and_wrap);
  [[nodiscard]] std::uint32_t device_event() const;  // both fields, flags in the upper half

 private:
  [[nodiscard]] std::optional<std::uint16_t> put(std::span<const Segment> segments, bool indirect) override;
  [[nodiscard]] PackedDescriptor table_of(std::span<const Segment> segments);

  DriverMemory& memory_;
  const std::uint16_t size_;
  const bool event_idx_;
  bool repeats_ids_ = false;
  Buffer descriptors_, driver_event_, device_event_;
  std::vector<std::uint16_t> free_ids_;
  std::vector<std::uint16_t> slots_of_id_;  // 0: not in flight
  std::size_t free_slots_;
  RingPosition next_avail_, next_used_, last_kick_;
  std::uint32_t added_since_kick_ = 0;  // slots
};

}  // namespace virtcrypt::test
