#include "tests/driver/packed_ring.h"

#include <atomic>
#include <cstring>
#include <utility>

namespace virtcrypt::test {
namespace {

constexpr std::size_t kDescriptorBytes = 16;
constexpr std::size_t kFlagsOffset = 14;

// x86 is little-endian; so are the rings.
template <typename Integer>
std::atomic_ref<Integer> field(std::span<std::byte> area, std::size_t offset) {
  return std::atomic_ref(*reinterpret_cast<Integer*>(area.data() + offset));
}

void put_descriptor(std::span<std::byte> area, std::size_t slot, const PackedDescriptor& descriptor) {
  std::byte* place = area.data() + kDescriptorBytes * slot;
  std::memcpy(place, &descriptor.address, 8);
  std::memcpy(place + 8, &descriptor.length, 4);
  std::memcpy(place + 12, &descriptor.id, 2);
  field<std::uint16_t>(area, kDescriptorBytes * slot + kFlagsOffset).store(descriptor.flags);
}

}  // namespace

PackedRing::PackedRing(DriverMemory& memory, std::uint16_t size, bool event_idx)
    : memory_(memory),
      size_(size),
      event_idx_(event_idx),
      descriptors_(memory.allocate(kDescriptorBytes * size, 16)),
      driver_event_(memory.allocate(4, 4)),
      device_event_(memory.allocate(4, 4)),
      slots_of_id_(size),
      free_slots_(size) {
  for (const Buffer& area : {descriptors_, driver_event_, device_event_})
    std::memset(area.bytes.data(), 0, area.bytes.size());
  for (std::uint16_t id = 0; id < size; ++id)
    free_ids_.push_back(id);
}

RingPosition PackedRing::after(RingPosition position, std::uint32_t slots) const {
  for (; slots > 0; --slots) {
    if (++position.slot == size_) position = {0, !position.wrap};
  }
  return position;
}

std::optional<std::uint16_t> PackedRing::put(std::span<const Segment> segments, bool indirect) {
  const std::size_t needed = indirect ? 1 : segments.size();
  if (needed == 0 || needed > free_slots_) return std::nullopt;
  const std::uint16_t id = free_ids_.back();
  free_ids_.pop_back();
  slots_of_id_[id] = static_cast<std::uint16_t>(needed);
  free_slots_ -= needed;

  const RingPosition head = next_avail_;
  PackedDescriptor first;
  for (std::size_t i = 0; i < needed; ++i) {
    PackedDescriptor descriptor;
    if (indirect) {
      descriptor = table_of(segments);
    } else {
      descriptor = {.address = segments[i].address, .length = segments[i].length};
      if (segments[i].writable) descriptor.flags |= kWrite;
      if (i + 1 < needed) descriptor.flags |= kNext;
    }
    descriptor.id = repeats_ids_ || i + 1 == needed ? id : std::uint16_t{0xBEEF};
    descriptor.flags |= available_bits(next_avail_.wrap);
    if (i == 0) {
      first = descriptor;
    } else {
      put_descriptor(descriptors_.bytes, next_avail_.slot, descriptor);
    }
    next_avail_ = after(next_avail_);
    ++added_since_kick_;
  }
  put_descriptor(descriptors_.bytes, head.slot, first);  // the first one last (2.8.6)
  return id;
}

PackedDescriptor PackedRing::table_of(std::span<const Segment> segments) {
  const Buffer table = memory_.allocate(kDescriptorBytes * segments.size(), 16);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    put_descriptor(table.bytes, i,
                   {.address = segments[i].address,
                    .length = segments[i].length,
                    .id = 0,
                    .flags = segments[i].writable ? kWrite : std::uint16_t{0}});
  }
  return {.address = table.address,
          .length = static_cast<std::uint32_t>(table.bytes.size()),
          .id = 0,
          .flags = kIndirect};
}

bool PackedRing::needs_kick() {
  const std::uint32_t added = added_since_kick_;
  RingPosition position = last_kick_;
  added_since_kick_ = 0;
  last_kick_ = next_avail_;
  if (added == 0) return false;
  const std::uint32_t event = device_event();
  switch (static_cast<RingEvent>(event >> 16)) {
    case RingEvent::kEnable:
      return true;
    case RingEvent::kDisable:
    case RingEvent::kReserved:
      return false;
    case RingEvent::kDescriptor:
      break;
  }
  const RingPosition wanted{static_cast<std::uint16_t>(event & 0x7FFF), (event & 0x8000) != 0};
  for (std::uint32_t i = 0; i < added; ++i, position = after(position)) {
    if (position == wanted) return true;
  }
  return false;
}

std::uint16_t PackedRing::next_available() const {
  return static_cast<std::uint16_t>(next_avail_.slot | (next_avail_.wrap ? 0x8000 : 0));
}

std::optional<Used> PackedRing::poll() {
  // Nothing else of a descriptor is looked at before its flags say that it is used.
  const std::size_t flags_offset = kDescriptorBytes * next_used_.slot + kFlagsOffset;
  const std::uint16_t flags = field<std::uint16_t>(descriptors_.bytes, flags_offset).load();
  const std::uint16_t both = next_used_.wrap ? kAvail | kUsed : 0;
  if ((flags & (kAvail | kUsed)) != both) return std::nullopt;
  const PackedDescriptor used = descriptor(next_used_.slot);
  std::uint16_t slots = 1;
  if (used.id < size_ && slots_of_id_[used.id] != 0) {
    slots = std::exchange(slots_of_id_[used.id], std::uint16_t{0});
    free_slots_ += slots;
    free_ids_.push_back(used.id);
  }
  next_used_ = after(next_used_, slots);
  return Used{used.id, used.length};
}

void PackedRing::want_interrupt(bool wanted) {
  if (!wanted) return set_driver_event(RingEvent::kDisable);
  set_driver_event(event_idx_ ? RingEvent::kDescriptor : RingEvent::kEnable, next_used_);
}

PackedDescriptor PackedRing::descriptor(std::uint16_t slot) const {
  const std::size_t start = kDescriptorBytes * slot;
  PackedDescriptor descriptor;
  descriptor.flags = field<std::uint16_t>(descriptors_.bytes, start + kFlagsOffset).load();
  std::memcpy(&descriptor.address, descriptors_.bytes.data() + start, 8);
  std::memcpy(&descriptor.length, descriptors_.bytes.data() + start + 8, 4);
  std::memcpy(&descriptor.id, descriptors_.bytes.data() + start + 12, 2);
  return descriptor;
}

void PackedRing::set_descriptor(std::uint16_t slot, const PackedDescriptor& descriptor) {
  put_descriptor(descriptors_.bytes, slot, descriptor);
}

void PackedRing::push(const PackedDescriptor& descriptor) {
  PackedDescriptor available = descriptor;
  available.flags |= available_bits(next_avail_.wrap);
  set_descriptor(next_avail_.slot, available);
  next_avail_ = after(next_avail_);
  ++added_since_kick_;
}

void PackedRing::set_driver_event(RingEvent event, RingPosition position) {
  set_driver_event(event, static_cast<std::uint16_t>(position.slot | (position.wrap ? 0x8000 : 0)));
}

void PackedRing::set_driver_event(RingEvent event, std::uint16_t offset_and_wrap) {
  field<std::uint16_t>(driver_event_.bytes, 0).store(offset_and_wrap);
  field<std::uint16_t>(driver_event_.bytes, 2).store(static_cast<std::uint16_t>(event));
}

std::uint32_t PackedRing::device_event() const {
  return field<std::uint32_t>(device_event_.bytes, 0).load();
}

}  // namespace virtcrypt::test
