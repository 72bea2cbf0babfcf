#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "tests/driver/packed_ring.h"
#include "tests/driver/request_ring.h"
#include "tests/driver/split_ring.h"
#include "tests/fuzz/machine.h"

namespace virtcrypt::fuzz {
namespace {

unsigned width_of(std::uint8_t choice) {
  return 1U << (choice % 3U);
}

// The whole space, or where the capabilities and registers are.
std::uint16_t config_offset(std::uint16_t choice, unsigned width) {
  const unsigned offset = (choice & 0x8000U) != 0 ? choice & 0xFFFU : choice & 0xFFU;
  return static_cast<std::uint16_t>(offset & ~(width - 1U));
}

struct Field {
  std::uint32_t offset;
  unsigned width;
};
// Of the common configuration structure (4.1.4.3), those that a driver writes.
constexpr Field kFields[] = {{0, 4},  {8, 4},  {12, 4}, {16, 2}, {20, 1}, {22, 2}, {24, 2}, {26, 2},
                             {28, 2}, {32, 4}, {36, 4}, {40, 4}, {44, 4}, {48, 4}, {52, 4}, {58, 2}};

}  // namespace

void Machine::config_read(Reader& bytes) {
  const std::uint16_t choice = bytes.u16();
  const unsigned width = width_of(bytes.u8());
  const std::uint16_t offset = config_offset(choice, width);
  const std::uint32_t value = access_->config_read(offset, width);
  say("configuration space {:#05x}, {} bytes: {:#x}", offset, width, value);
}

void Machine::config_write(Reader& bytes) {
  const std::uint16_t choice = bytes.u16();
  const unsigned width = width_of(bytes.u8());
  const std::uint16_t offset = config_offset(choice, width);
  const std::uint32_t value = bytes.u32();
  say("configuration space {:#05x}, {} bytes = {:#x}", offset, width, value);
  honest_ = false;
  access_->config_write(offset, width, value);
}

namespace {

// An access within a BAR, as a host bridge lets one through.
struct BarAccess {
  unsigned bar;
  std::uint64_t offset;
  std::size_t count;
};

BarAccess bar_access(virtio::pci::Function& function, Reader& bytes) {
  const auto bars = function.bars();
  const auto& bar = bars[bytes.u8() % bars.size()];
  std::uint64_t offset = bytes.u16();
  // Registers lie at the beginning of each page.
  if ((offset & 0x8000U) == 0) offset = (offset & 0x3000U) | (offset & 0x7FU);
  offset %= bar.size;
  const std::size_t count = std::min<std::uint64_t>(1U + bytes.u8() % 8U, bar.size - offset);
  return {bar.bar, offset, count};
}

}  // namespace

void Machine::bar_read(Reader& bytes) {
  const BarAccess access = bar_access(*function_, bytes);
  std::array<std::byte, 8> data{};
  access_->bar_read(access.bar, access.offset, std::span(data).first(access.count));
  std::uint64_t value = 0;
  std::memcpy(&value, data.data(), sizeof value);
  say("BAR {} {:#06x}, {} bytes: {:#x}", access.bar, access.offset, access.count, value);
}

void Machine::bar_write(Reader& bytes) {
  const BarAccess access = bar_access(*function_, bytes);
  const std::uint64_t value = bytes.u64();
  std::array<std::byte, 8> data{};
  std::memcpy(data.data(), &value, sizeof value);
  say("BAR {} {:#06x}, {} bytes = {:#x}", access.bar, access.offset, access.count, value);
  honest_ = false;
  access_->bar_write(access.bar, access.offset, std::span(data).first(access.count));
}

void Machine::common_write(Reader& bytes) {
  const Field& field = kFields[bytes.u8() % std::size(kFields)];
  std::uint64_t value = bytes.u64();
  // An address of a queue's areas is one of memory, now and then.
  if (field.width == 4 && field.offset >= 32 && (value & 1U) == 0) {
    Reader choice(bytes.rest());
    value = place(choice).address >> (field.offset % 8 == 0 ? 0U : 32U);
  }
  say("common configuration {}, {} bytes = {:#x}", field.offset, field.width, value);
  honest_ = false;
  pci_->write_common(field.offset, field.width, static_cast<std::uint32_t>(value));
}

// Split virtqueues are as long as a power of two.
std::uint16_t Machine::ring_size() const {
  const std::uint16_t most = narrow_ ? kNarrowRingSize : kRingSize;
  return (features_ & test::feature::kRingPacked) != 0 ? most : std::bit_floor(most);
}

std::uint16_t Machine::queue(Reader& bytes) const {
  return static_cast<std::uint16_t>(bytes.u8() % rings_.size());
}

// Addresses that matter: the rings, the ends of memory, what is no memory, what wraps.
Machine::Place Machine::place(Reader& bytes) {
  const std::uint8_t choice = bytes.u8();
  const std::uint16_t offset = bytes.u16();
  const std::uint64_t end = test::TestMemory::kBase + kFirstRegion;
  std::uint64_t address = 0;
  switch (choice % 12U) {
    case 0:
      address = end - offset % 64U;
      break;  // across two regions
    case 1:
      address = end + kOtherRegion - offset % 64U;
      break;  // across the end
    case 2:
      address = kFarBase + offset % kOtherRegion;
      break;
    case 3:
      address = kFarBase + kOtherRegion - offset % 64U;
      break;
    case 4:
      address = 0 - std::uint64_t{offset};
      break;  // wraps
    case 5:
      address = 0x40'0000'0000U + offset;
      break;  // device MMIO
    case 6:
      address = bytes.u64();
      break;
    case 7:
    case 8:
    case 9: {
      const Ring& ring = rings_[choice % rings_.size()];
      if (ring.ring) {
        const std::uint64_t areas[] = {ring.ring->descriptor_area(), ring.ring->driver_area(),
                                       ring.ring->device_area()};
        address = areas[choice % 12U - 7U] + offset % 512U;
      }
      break;
    }
    default:
      address = test::TestMemory::kBase + offset * std::uint64_t{4};
      break;
  }
  for (const virtio::MemoryRegion& region : memory_.memory().regions()) {
    const std::uint64_t base = virtio::to_integer(region.base);
    if (address >= base && address - base < region.host.size())
      return {address, region.host.subspan(address - base)};
  }
  return {address, {}};
}

void Machine::descriptor(Reader& bytes) {
  Ring& ring = rings_[queue(bytes)];
  const auto index = static_cast<std::uint16_t>(bytes.u8() % ring_size());
  const std::uint64_t address = place(bytes).address;
  const std::uint32_t length = bytes.u32();
  const std::uint16_t flags = bytes.u16();
  const std::uint16_t next = bytes.u16();
  // Short ones get further.
  const std::uint32_t shown = (flags & 0x100U) != 0 ? length : length % 512U;
  honest_ = false;
  if (auto* split = dynamic_cast<test::SplitRing*>(ring.ring.get())) {
    split->set_descriptor(index,
                          {address, shown, static_cast<std::uint16_t>(flags & 7U),
                           static_cast<std::uint16_t>((flags & 0x200U) != 0 ? next : next % ring_size())});
  } else if (auto* packed = dynamic_cast<test::PackedRing*>(ring.ring.get())) {
    const test::PackedDescriptor descriptor{address, shown, next, static_cast<std::uint16_t>(flags & 7U)};
    if ((flags & 0x200U) != 0) {
      packed->set_descriptor(index, {address, shown, next, flags});
    } else {
      packed->push(descriptor);
    }
  }
  say("descriptor {} {:#x}, {} bytes, flags {:#x}, next or id {}", index, address, shown, flags, next);
}

void Machine::available(Reader& bytes) {
  Ring& ring = rings_[queue(bytes)];
  const std::uint16_t head = bytes.u16();
  const std::uint8_t step = bytes.u8();
  honest_ = false;
  if (auto* split = dynamic_cast<test::SplitRing*>(ring.ring.get())) {
    const std::uint16_t index = split->avail_index();
    split->set_avail_entry(static_cast<std::uint16_t>(index % ring_size()),
                           (step & 0x80U) != 0 ? head : static_cast<std::uint16_t>(head % ring_size()));
    split->set_avail_index(static_cast<std::uint16_t>(index + ((step & 0x40U) != 0 ? step : 1U)));
    say("available ring: head {}, step {}", head, step);
  } else if (auto* packed = dynamic_cast<test::PackedRing*>(ring.ring.get())) {
    packed->set_driver_event(static_cast<test::RingEvent>(step % 4U), head);
    say("driver event {}, {:#x}", step % 4, head);
  }
}

void Machine::poke(Reader& bytes) {
  const Place where = place(bytes);
  const auto content = bytes.rest();
  const std::size_t count = std::min(content.size(), where.bytes.size());
  say("{} bytes into memory at {:#x}", count, where.address);
  if (count == 0) return;
  honest_ = false;
  std::memcpy(where.bytes.data(), content.data(), count);
}

namespace {

// Leaves out the last `bytes` writable bytes.
void cut(std::vector<test::Segment>& segments, std::uint32_t bytes) {
  while (bytes > 0 && !segments.empty() && segments.back().writable) {
    test::Segment& last = segments.back();
    const std::uint32_t here = std::min(bytes, last.length);
    last.length -= here;
    bytes -= here;
    if (last.length == 0) segments.pop_back();
  }
}

}  // namespace

void Machine::request(Reader& bytes) {
  const std::uint8_t choice = bytes.u8();
  BuiltRequest built = build_request(target_, state_, bytes);
  // As a rule on the queue that it is for.
  const std::uint16_t right =
      built.is_control ? data_queues_ : static_cast<std::uint16_t>(choice % data_queues_);
  const auto queue = static_cast<std::uint16_t>(choice >= 250 ? choice % (data_queues_ + 1U) : right);
  const bool misplaced = built.is_control ? queue != data_queues_ : queue == data_queues_;
  Ring& ring = rings_[queue];
  if (!ring.ring) return;
  std::vector<test::Segment> segments;
  try {
    segments = test::place(memory_, built.request);
  } catch (const std::bad_alloc&) {
    say("no memory for another request");
    return;
  }
  cut(segments, built.cut);
  if (segments.empty()) return;
  Pending pending{.segments = segments, .readable = {}, .request = std::move(built), .misplaced = misplaced};
  test::Bytes& readable = pending.readable;
  std::vector<std::span<std::byte>> pieces;
  std::size_t total = 0;
  for (const test::Segment& segment : segments) {
    if (segment.writable) continue;
    pieces.push_back(memory_.at(segment.address, segment.length));
    total += segment.length;
  }
  for (const BuiltRequest::Change& change : pending.request.changes) {
    std::size_t at = total == 0 ? 0 : change.offset % std::min<std::size_t>(total, 256);
    for (const auto piece : pieces) {
      if (at < piece.size()) {
        piece[at] ^= static_cast<std::byte>(change.mask);
        break;
      }
      at -= piece.size();
    }
  }
  for (const auto piece : pieces)
    readable.insert(readable.end(), piece.begin(), piece.end());
  const bool indirect_allowed = (features_ & test::feature::kIndirectDesc) != 0;
  const bool indirect = indirect_allowed && pending.request.indirect;
  say("queue {}: {}, {} descriptors{}", queue, pending.request.text, segments.size(),
      indirect ? ", indirect" : "");
  std::optional<std::uint16_t> head;
  try {
    head = ring.ring->add(segments, indirect);
  } catch (const std::bad_alloc&) {
  }
  if (!head) return say("the ring is full");
  ring.pending.insert_or_assign(*head, std::move(pending));
  if (!ring.ring->needs_kick()) return;
  std::optional<std::uint16_t> next;
  if ((features_ & test::feature::kNotificationData) != 0) next = ring.ring->next_available();
  pci_->kick(queue, next);
}

// As a driver would do it whose areas are anywhere.
void Machine::queue_setup(Reader& bytes) {
  const std::uint16_t queue = this->queue(bytes);
  const std::uint8_t how = bytes.u8();
  const std::uint8_t size = bytes.u8();
  honest_ = false;
  if ((how & 1U) != 0) {
    pci_->request_queue_reset(queue);
    work();
  }
  pci_->write_common(test::common::kQueueSelect, 2, queue);
  if ((how & 2U) != 0) pci_->write_common(test::common::kQueueSize, 2, size);
  for (const std::uint32_t area :
       {test::common::kQueueDesc, test::common::kQueueDriver, test::common::kQueueDevice}) {
    const std::uint64_t anywhere = place(bytes).address;
    const std::uint64_t address = (how & 4U) != 0 ? anywhere : anywhere & ~std::uint64_t{15};
    say("queue {}: area {} at {:#x}", queue, area, address);
    pci_->write_common(area, 4, static_cast<std::uint32_t>(address));
    pci_->write_common(area + 4, 4, static_cast<std::uint32_t>(address >> 32U));
  }
  pci_->write_common(test::common::kQueueEnable, 2, 1);
}

void Machine::notify(Reader& bytes) {
  const std::uint16_t queue = this->queue(bytes);
  const std::uint16_t value = bytes.u16();
  say("notify queue {} with {:#x}", queue, value);
  constexpr std::uint8_t kNotifyStructure = 2;
  pci_->write(kNotifyStructure, queue * pci_->notify_multiplier(), (value & 1U) != 0 ? 4 : 2,
              queue | (std::uint32_t{value} << 16U));
}

}  // namespace virtcrypt::fuzz
