#include "tests/driver/split_ring.h"

#include <atomic>
#include <cstring>

namespace virtcrypt::test {
namespace {

// x86 is little-endian; so are the rings.
void put16(std::span<std::byte> area, std::size_t offset, std::uint16_t value) {
  std::atomic_ref(*reinterpret_cast<std::uint16_t*>(area.data() + offset)).store(value);
}

std::uint16_t get16(std::span<std::byte> area, std::size_t offset) {
  return std::atomic_ref(*reinterpret_cast<std::uint16_t*>(area.data() + offset)).load();
}

void put_descriptor(std::byte* place, const Descriptor& descriptor) {
  std::memcpy(place, &descriptor.address, 8);
  std::memcpy(place + 8, &descriptor.length, 4);
  std::memcpy(place + 12, &descriptor.flags, 2);
  std::memcpy(place + 14, &descriptor.next, 2);
}

}  // namespace

SplitRing::SplitRing(DriverMemory& memory, std::uint16_t size, bool event_idx, bool in_order)
    : memory_(memory),
      size_(size),
      event_idx_(event_idx),
      in_order_(in_order),
      descriptors_(memory.allocate(std::size_t{16} * size, 16)),
      avail_(memory.allocate(6 + std::size_t{2} * size, 2)),
      used_(memory.allocate(6 + std::size_t{8} * size, 4)),
      chain_of_head_(size) {
  std::memset(descriptors_.bytes.data(), 0, descriptors_.bytes.size());
  std::memset(avail_.bytes.data(), 0, avail_.bytes.size());
  std::memset(used_.bytes.data(), 0, used_.bytes.size());
  for (std::uint16_t i = 0; i < size; ++i)
    free_.push_back(i);
}

std::optional<std::uint16_t> SplitRing::put(std::span<const Segment> segments, bool indirect) {
  const std::size_t needed = indirect ? 1 : segments.size();
  if (needed == 0 || needed > free_.size()) return std::nullopt;
  std::vector<std::uint16_t> chain;
  for (std::size_t i = 0; i < needed; ++i) {
    chain.push_back(free_.front());
    free_.pop_front();
  }
  const auto flags_of = [&](std::size_t i) {
    return static_cast<std::uint16_t>((segments[i].writable ? kWrite : 0) |
                                      (i + 1 < segments.size() ? kNext : 0));
  };
  if (indirect) {
    const Buffer table = memory_.allocate(16 * segments.size(), 16);
    // A chain begins at the first entry; shuffled, the others stand there last first.
    const auto place_of = [&](std::size_t i) {
      return shuffles_tables_ && i > 0 && i < segments.size() ? segments.size() - i : i;
    };
    for (std::size_t i = 0; i < segments.size(); ++i) {
      put_descriptor(table.bytes.data() + 16 * place_of(i),
                     {segments[i].address, segments[i].length, flags_of(i),
                      static_cast<std::uint16_t>(place_of(i + 1))});
    }
    set_descriptor(chain[0], {table.address, static_cast<std::uint32_t>(table.bytes.size()), kIndirect, 0});
  } else {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::uint16_t next = i + 1 < chain.size() ? chain[i + 1] : std::uint16_t{0};
      set_descriptor(chain[i], {segments[i].address, segments[i].length, flags_of(i), next});
    }
  }
  const std::uint16_t head = chain[0];
  chain_of_head_[head] = std::move(chain);
  make_available(head);
  return head;
}

void SplitRing::make_available(std::uint16_t head) {
  set_avail_entry(next_avail_, head);
  set_avail_index(static_cast<std::uint16_t>(next_avail_ + 1));
}

bool SplitRing::needs_kick() {
  const std::uint16_t before = last_kick_;
  last_kick_ = next_avail_;
  if (before == next_avail_) return false;
  if (!event_idx_) return (get16(used_.bytes, 0) & 1) == 0;
  const std::uint16_t avail_event = get16(used_.bytes, 4 + std::size_t{8} * size_);
  return static_cast<std::uint16_t>(next_avail_ - avail_event - 1) <
         static_cast<std::uint16_t>(next_avail_ - before);
}

std::optional<Used> SplitRing::poll() {
  if (used_index() == last_used_) return std::nullopt;
  Used used{};
  const std::byte* element = used_.bytes.data() + 4 + std::size_t{8} * (last_used_ % size_);
  std::memcpy(&used.head, element, 4);
  std::memcpy(&used.length, element + 4, 4);
  ++last_used_;
  if (used.head < size_) {
    // Last out, first in, so that heads do not follow the order of the ring; but with IN_ORDER they do.
    for (const std::uint16_t index : chain_of_head_[used.head]) {
      if (in_order_) {
        free_.push_back(index);
      } else {
        free_.push_front(index);
      }
    }
    chain_of_head_[used.head].clear();
  }
  return used;
}

void SplitRing::want_interrupt(bool wanted) {
  if (event_idx_) {
    set_used_event(wanted ? last_used_ : static_cast<std::uint16_t>(last_used_ - 1));
  } else {
    put16(avail_.bytes, 0, wanted ? 0 : 1);
  }
}

void SplitRing::set_descriptor(std::uint16_t index, const Descriptor& descriptor) {
  put_descriptor(descriptors_.bytes.data() + std::size_t{16} * index, descriptor);
}

void SplitRing::set_avail_entry(std::uint16_t position, std::uint16_t head) {
  put16(avail_.bytes, 4 + std::size_t{2} * (position % size_), head);
}

void SplitRing::set_avail_index(std::uint16_t index) {
  next_avail_ = index;
  put16(avail_.bytes, 2, index);
}

std::uint16_t SplitRing::avail_index() const {
  return next_avail_;
}

std::uint16_t SplitRing::used_index() const {
  return get16(used_.bytes, 2);
}

void SplitRing::set_used_event(std::uint16_t index) {
  put16(avail_.bytes, 4 + std::size_t{2} * size_, index);
}

}  // namespace virtcrypt::test
