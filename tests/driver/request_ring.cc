#include "tests/driver/request_ring.h"

#include <algorithm>
#include <stdexcept>

#include "tests/driver/packed_ring.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/split_ring.h"

namespace virtcrypt::test {
namespace {

constexpr std::byte kUnwritten{0xEE};

Buffer unwritten(DriverMemory& memory, std::size_t bytes) {
  const Buffer buffer = memory.allocate(bytes);
  std::fill(buffer.bytes.begin(), buffer.bytes.end(), kUnwritten);
  return buffer;
}

}  // namespace

// Gives the two parts that share memory their addresses.
void Request::place_overlap(DriverMemory& memory) {
  if (!overlap_) return;
  Part& readable = parts_[overlap_->readable];
  Part& writable = parts_[overlap_->writable];
  const std::ptrdiff_t shift = overlap_->shift;
  const auto distance = static_cast<std::size_t>(shift < 0 ? -shift : shift);
  const Buffer buffer =
      unwritten(memory, distance + std::max<std::size_t>(readable.content.size(), writable.bytes));
  readable.address = buffer.address + (shift < 0 ? distance : 0);
  readable.bytes = static_cast<std::uint32_t>(readable.content.size());
  writable.address = buffer.address + (shift < 0 ? 0 : distance);
  std::copy(readable.content.begin(), readable.content.end(),
            buffer.bytes.begin() + static_cast<std::ptrdiff_t>(readable.address - buffer.address));
  readable.placed = writable.placed = true;
}

std::vector<Segment> place(DriverMemory& memory, const Request& wanted) {
  Request request = wanted;
  request.place_overlap(memory);
  std::vector<Segment> segments;
  const auto cut = [&](std::uint64_t address, std::uint32_t bytes, bool writable) {
    const auto step = static_cast<std::uint32_t>(request.chunk_ == 0 ? bytes : request.chunk_);
    for (std::uint32_t at = 0; at < bytes; at += step)
      segments.push_back({address + at, std::min(step, bytes - at), writable});
  };
  for (const Request::Part& part : request.parts_) {
    if (part.placed) {
      cut(part.address, part.bytes, part.writable);
    } else if (part.writable) {
      cut(unwritten(memory, part.bytes).address, part.bytes, true);
    } else {
      cut(memory.allocate(part.content).address, static_cast<std::uint32_t>(part.content.size()), false);
    }
  }
  return segments;
}

std::unique_ptr<DriverRing> make_ring(DriverMemory& memory, std::uint16_t size, std::uint64_t features) {
  const bool event_idx = (features & feature::kEventIdx) != 0;
  if ((features & feature::kRingPacked) != 0) return std::make_unique<PackedRing>(memory, size, event_idx);
  return std::make_unique<SplitRing>(memory, size, event_idx, (features & feature::kInOrder) != 0);
}

std::uint16_t RequestRing::add(const Request& request) {
  const std::vector<Segment> segments = place(memory_, request);
  const auto head = ring_->add(segments, request.indirect_);
  if (!head) throw std::runtime_error("ring is full");
  std::vector<Segment>& writable = pending_[*head];
  writable.clear();
  std::copy_if(segments.begin(), segments.end(), std::back_inserter(writable),
               [](const Segment& segment) { return segment.writable; });
  return *head;
}

void RequestRing::collect() {
  while (const auto used = ring_->poll()) {
    const auto head = static_cast<std::uint16_t>(used->head);
    Answer answer{.used_length = used->length, .written = {}};
    for (const Segment& segment : pending_[head]) {
      const auto bytes = memory_.at(segment.address, segment.length);
      answer.written.insert(answer.written.end(), bytes.begin(), bytes.end());
    }
    pending_.erase(head);
    answers_[head] = std::move(answer);
    ring_->want_interrupt(true);
  }
}

std::optional<Answer> RequestRing::take(std::uint16_t head) {
  const auto found = answers_.find(head);
  if (found == answers_.end()) return std::nullopt;
  std::optional<Answer> answer = std::move(found->second);
  answers_.erase(found);
  return answer;
}

void RequestRing::forget() {
  pending_.clear();
  answers_.clear();
}

}  // namespace virtcrypt::test
