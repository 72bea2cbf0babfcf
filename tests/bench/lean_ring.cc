#include "tests/bench/lean_ring.h"

#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

namespace virtcrypt::bench {
namespace {

using test::Buffer;
using test::Segment;

constexpr std::size_t kDescriptorBytes = 16;

// x86 is little-endian; so are the rings.
template <typename Integer>
std::atomic_ref<Integer> field(const Buffer& area, std::size_t offset) {
  return std::atomic_ref(*reinterpret_cast<Integer*>(area.bytes.data() + offset));
}

Buffer zeroed(test::DriverMemory& memory, std::size_t bytes, std::size_t alignment) {
  const Buffer area = memory.allocate(bytes, alignment);
  std::memset(area.bytes.data(), 0, area.bytes.size());
  return area;
}

std::uint16_t descriptors_of(const RingShape& shape) {
  return shape.indirect ? std::uint16_t{1} : shape.segments;
}

// 2.7.5
struct SplitDescriptor {
  std::uint64_t address;
  std::uint32_t length;
  std::uint16_t flags;
  std::uint16_t next;
};
static_assert(sizeof(SplitDescriptor) == kDescriptorBytes);

void put_entry(const Buffer& table, std::size_t index, const SplitDescriptor& descriptor) {
  std::memcpy(table.bytes.data() + kDescriptorBytes * index, &descriptor, sizeof descriptor);
}

// Descriptors of a chain, one behind the other from index `first` on.
void put_chain(const Buffer& table, std::size_t first, std::span<const Segment> segments) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    const unsigned flags = (segments[i].writable ? test::kWrite : 0U) | (last ? 0U : test::kNext);
    put_entry(table, first + i,
              {segments[i].address, segments[i].length, static_cast<std::uint16_t>(flags),
               static_cast<std::uint16_t>(last ? 0 : first + i + 1)});
  }
}

class LeanSplitRing final : public LeanRing {
 public:
  LeanSplitRing(test::DriverMemory& memory, const RingShape& shape)
      : memory_(memory),
        shape_(shape),
        size_(size_for(shape)),
        descriptors_(zeroed(memory, kDescriptorBytes * size_, 16)),
        avail_(zeroed(memory, kRing + sizeof(std::uint16_t) * (size_ + 1U), 2)),
        used_(zeroed(memory, kRing + kUsedBytes * size_ + sizeof(std::uint16_t), 4)) {}

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t descriptor_area() const override { return descriptors_.address; }
  [[nodiscard]] std::uint64_t driver_area() const override { return avail_.address; }
  [[nodiscard]] std::uint64_t device_area() const override { return used_.address; }

  void place(std::uint16_t chain, std::span<const Segment> segments) override {
    if (!shape_.indirect) return put_chain(descriptors_, head_of(chain), segments);
    const Buffer table = memory_.allocate(kDescriptorBytes * segments.size(), 16);
    put_chain(table, 0, segments);
    put_entry(descriptors_, chain,
              {table.address, static_cast<std::uint32_t>(table.bytes.size()), test::kIndirect, 0});
  }

  void add(std::uint16_t chain) override {
    const std::size_t slot = next_avail_ % size_;
    field<std::uint16_t>(avail_, kRing + sizeof(std::uint16_t) * slot)
        .store(head_of(chain), std::memory_order_relaxed);
    ++next_avail_;
  }

  void publish() override {
    field<std::uint16_t>(avail_, kIndex).store(next_avail_, std::memory_order_seq_cst);
  }

  [[nodiscard]] bool needs_kick() override {
    const std::uint16_t before = std::exchange(last_kick_, next_avail_);
    const auto event =
        field<std::uint16_t>(used_, kRing + kUsedBytes * size_).load(std::memory_order_seq_cst);
    return static_cast<std::uint16_t>(next_avail_ - event - 1) <
           static_cast<std::uint16_t>(next_avail_ - before);
  }

  [[nodiscard]] std::optional<std::uint16_t> take() override {
    if (field<std::uint16_t>(used_, kIndex).load(std::memory_order_acquire) == last_used_)
      return std::nullopt;
    const std::size_t slot = last_used_++ % size_;
    const auto head = field<std::uint32_t>(used_, kRing + kUsedBytes * slot).load(std::memory_order_relaxed);
    return static_cast<std::uint16_t>(head / descriptors_of(shape_));
  }

  // EVENT_IDX: an index that is never reached.
  void want_interrupt(bool wanted) override {
    const std::uint16_t event = wanted ? last_used_ : static_cast<std::uint16_t>(last_used_ - 1);
    field<std::uint16_t>(avail_, kRing + sizeof(std::uint16_t) * size_).store(event);
  }

 private:
  static constexpr std::size_t kIndex = 2, kRing = 4, kUsedBytes = 8;

  [[nodiscard]] std::uint16_t head_of(std::uint16_t chain) const {
    return static_cast<std::uint16_t>(chain * descriptors_of(shape_));
  }

  test::DriverMemory& memory_;
  const RingShape shape_;
  const std::uint16_t size_;
  const Buffer descriptors_, avail_, used_;
  std::uint16_t next_avail_ = 0;
  std::uint16_t last_used_ = 0;
  std::uint16_t last_kick_ = 0;
};

// 2.8.13
struct PackedDescriptor {
  std::uint64_t address;
  std::uint32_t length;
  std::uint16_t id;
  std::uint16_t flags;
};
static_assert(sizeof(PackedDescriptor) == kDescriptorBytes);

class LeanPackedRing final : public LeanRing {
 public:
  LeanPackedRing(test::DriverMemory& memory, const RingShape& shape)
      : memory_(memory),
        shape_(shape),
        size_(size_for(shape)),
        descriptors_(zeroed(memory, kDescriptorBytes * size_, 16)),
        driver_event_(zeroed(memory, kEventBytes, 4)),
        device_event_(zeroed(memory, kEventBytes, 4)),
        chains_(shape.chains) {}

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t descriptor_area() const override { return descriptors_.address; }
  [[nodiscard]] std::uint64_t driver_area() const override { return driver_event_.address; }
  [[nodiscard]] std::uint64_t device_area() const override { return device_event_.address; }

  void place(std::uint16_t chain, std::span<const Segment> segments) override {
    if (!shape_.indirect) {
      chains_[chain].assign(segments.begin(), segments.end());
      return;
    }
    const Buffer table = memory_.allocate(kDescriptorBytes * segments.size(), 16);
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const PackedDescriptor entry{segments[i].address, segments[i].length, 0,
                                   segments[i].writable ? test::kWrite : std::uint16_t{0}};
      std::memcpy(table.bytes.data() + kDescriptorBytes * i, &entry, sizeof entry);
    }
    chains_[chain] = {{table.address, static_cast<std::uint32_t>(table.bytes.size()), false}};
  }

  void add(std::uint16_t chain) override {
    const std::vector<Segment>& segments = chains_[chain];
    for (std::size_t i = 0; i < segments.size(); ++i) {
      unsigned flags = (segments[i].writable ? test::kWrite : 0U) |
                       (i + 1 < segments.size() ? test::kNext : 0U) |
                       (shape_.indirect ? test::kIndirect : 0U) | (wrap_ ? kAvail : kUsed);
      const PackedDescriptor descriptor{segments[i].address, segments[i].length, chain,
                                        static_cast<std::uint16_t>(flags)};
      std::byte* const place = descriptors_.bytes.data() + kDescriptorBytes * next_;
      std::memcpy(place, &descriptor, kFlags);
      if (held_) {
        field<std::uint16_t>(descriptors_, kDescriptorBytes * next_ + kFlags)
            .store(descriptor.flags, std::memory_order_relaxed);
      } else {
        held_ = Held{next_, descriptor.flags};  // 2.8.6: what was added shows with its first descriptor
      }
      ++added_;
      if (++next_ == size_) {
        next_ = 0;
        wrap_ = !wrap_;
      }
    }
  }

  void publish() override {
    if (!held_) return;
    field<std::uint16_t>(descriptors_, kDescriptorBytes * held_->slot + kFlags)
        .store(held_->flags, std::memory_order_seq_cst);
    held_.reset();
  }

  [[nodiscard]] bool needs_kick() override {
    const std::uint32_t added = std::exchange(added_, 0);
    const std::uint32_t event = field<std::uint32_t>(device_event_, 0).load(std::memory_order_seq_cst);
    const std::uint32_t kind = event >> 16U & 3U;
    if (kind != kEventDescriptor) return kind == kEventEnable;
    // How many descriptors lie behind the one that the device names, counted backwards from the next.
    const std::uint32_t wanted = event & 0x7fffU;
    const bool same_lap = ((event & 0x8000U) != 0) == wrap_;
    const std::uint32_t behind = same_lap ? next_ - wanted : next_ + size_ - wanted;
    return behind != 0 && behind <= added;
  }

  [[nodiscard]] std::optional<std::uint16_t> take() override {
    const std::size_t place = kDescriptorBytes * last_used_;
    const std::uint16_t flags =
        field<std::uint16_t>(descriptors_, place + kFlags).load(std::memory_order_acquire);
    const unsigned both = used_wrap_ ? kAvail | kUsed : 0U;
    if ((flags & (kAvail | kUsed)) != both) return std::nullopt;
    std::uint16_t id = 0;
    std::memcpy(&id, descriptors_.bytes.data() + place + kId, sizeof id);
    last_used_ = static_cast<std::uint16_t>(last_used_ + descriptors_of(shape_));
    if (last_used_ >= size_) {
      last_used_ = static_cast<std::uint16_t>(last_used_ - size_);
      used_wrap_ = !used_wrap_;
    }
    return id;
  }

  void want_interrupt(bool wanted) override {
    field<std::uint32_t>(driver_event_, 0).store((wanted ? kEventEnable : kEventDisable) << 16U);
  }

 private:
  static constexpr std::size_t kId = 12, kFlags = 14, kEventBytes = 4;
  static constexpr unsigned kAvail = 1U << 7U, kUsed = 1U << 15U;
  static constexpr std::uint32_t kEventEnable = 0, kEventDisable = 1, kEventDescriptor = 2;

  struct Held {
    std::uint16_t slot;
    std::uint16_t flags;
  };

  test::DriverMemory& memory_;
  const RingShape shape_;
  const std::uint16_t size_;
  const Buffer descriptors_, driver_event_, device_event_;
  std::vector<std::vector<Segment>> chains_;  // as they go into the ring
  std::uint16_t next_ = 0;
  bool wrap_ = true;
  std::uint32_t added_ = 0;
  std::optional<Held> held_;
  std::uint16_t last_used_ = 0;
  bool used_wrap_ = true;
};

}  // namespace

std::uint16_t LeanRing::size_for(const RingShape& shape) {
  const std::uint32_t needed = std::uint32_t{descriptors_of(shape)} * shape.chains;
  return static_cast<std::uint16_t>(shape.packed ? needed : std::bit_ceil(needed));
}

std::unique_ptr<LeanRing> LeanRing::make(test::DriverMemory& memory, const RingShape& shape) {
  if (shape.packed) return std::make_unique<LeanPackedRing>(memory, shape);
  return std::make_unique<LeanSplitRing>(memory, shape);
}

}  // namespace virtcrypt::bench
