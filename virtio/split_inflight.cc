#include "virtcrypt/virtio/split_inflight.h"

#include <algorithm>
#include <atomic>
#include <cassert>

namespace virtcrypt::virtio {

// The layout that the protocol recommends, so that another backend can take over. Host byte order.
struct SplitInflight::Header {
  std::uint64_t features;
  std::uint16_t version;  // 0: nobody has begun the record
  std::uint16_t desc_num;
  std::uint16_t last_batch_head;
  std::uint16_t used_idx;
};
struct SplitInflight::Entry {
  std::uint8_t inflight;
  std::uint8_t padding[5];
  std::uint16_t next;
  std::uint64_t counter;
};

namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kAlignment = 64;

// Each store is one that is seen in order by whoever maps the area after this process has died.
template <typename Integer>
void store(Integer& field, Integer value) {
  std::atomic_ref(field).store(value, std::memory_order_release);
}
template <typename Integer>
[[nodiscard]] Integer load(Integer& field) {
  return std::atomic_ref(field).load(std::memory_order_acquire);
}

}  // namespace

std::size_t SplitInflight::bytes_for(std::uint16_t queue_size) {
  const std::size_t bytes = sizeof(Header) + sizeof(Entry) * queue_size;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

SplitInflight::SplitInflight(std::span<std::byte> area, std::uint16_t queue_size)
    : area_(area), queue_size_(queue_size) {
  static_assert(sizeof(Header) == 16 && sizeof(Entry) == 16);
  assert(area.size() >= bytes_for(queue_size));
}

SplitInflight::Header& SplitInflight::header() const {
  return *reinterpret_cast<Header*>(area_.data());
}

SplitInflight::Entry& SplitInflight::entry(std::uint16_t head) const {
  return reinterpret_cast<Entry*>(area_.data() + sizeof(Header))[head];
}

std::vector<std::uint16_t> SplitInflight::recover(std::uint16_t used_index) {
  Header& record = header();
  if (load(record.version) != kVersion || load(record.desc_num) != queue_size_) {
    std::fill(area_.begin(), area_.end(), std::byte{0});
    store(record.desc_num, queue_size_);
    store(record.used_idx, used_index);
    store(record.version, kVersion);
    is_recovered_ = false;
    return {};
  }
  is_recovered_ = true;
  finish_last_batch(used_index);
  struct Taken {
    std::uint64_t counter;
    std::uint16_t head;
  };
  std::vector<Taken> taken;
  for (std::uint16_t head = 0; head < queue_size_; ++head) {
    if (load(entry(head).inflight) != 0) taken.push_back({load(entry(head).counter), head});
  }
  std::sort(taken.begin(), taken.end(), [](const Taken& a, const Taken& b) { return a.counter < b.counter; });
  std::vector<std::uint16_t> heads;
  for (const Taken& each : taken)
    heads.push_back(each.head);
  counter_ = taken.empty() ? 0 : taken.back().counter + 1;
  return heads;
}

// Its writer made the used index visible and may have died before it cleared the batch.
void SplitInflight::finish_last_batch(std::uint16_t used_index) {
  Header& record = header();
  const auto batch = static_cast<std::uint16_t>(used_index - load(record.used_idx));
  std::uint16_t head = load(record.last_batch_head);
  for (std::uint16_t i = 0; i < std::min(batch, queue_size_) && head < queue_size_; ++i) {
    store(entry(head).inflight, std::uint8_t{0});
    head = load(entry(head).next);
  }
  store(record.used_idx, used_index);
}

void SplitInflight::taken(std::uint16_t head) {
  store(entry(head).counter, counter_++);
  store(entry(head).inflight, std::uint8_t{1});
}

void SplitInflight::returning(std::uint16_t head) {
  store(entry(head).next, load(header().last_batch_head));
  store(header().last_batch_head, head);
  batch_.push_back(head);
}

void SplitInflight::returned(std::uint16_t used_index) {
  for (const std::uint16_t head : batch_)
    store(entry(head).inflight, std::uint8_t{0});
  batch_.clear();
  store(header().used_idx, used_index);
}

}  // namespace virtcrypt::virtio
