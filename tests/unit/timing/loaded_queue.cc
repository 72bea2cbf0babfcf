#include "tests/unit/timing/loaded_queue.h"

#include <algorithm>
#include <utility>

#include "tests/driver/request_ring.h"

namespace virtcrypt::test {
namespace {

constexpr std::byte kPattern{0xA5};
constexpr std::byte kUnwritten{0xEE};
constexpr std::size_t kSlots = LoadedQueue::kRingSize / 2;  // of two descriptors each

}  // namespace

LoadedQueue::LoadedQueue(std::uint16_t queue, DriverMemory& memory, std::uint64_t features, const Talk& talk,
                         PciDriver& pci, WakingSlot& slot)
    : queue_(queue),
      features_(features),
      talk_(talk),
      pci_(pci),
      slot_(slot),
      is_over_(kLives),
      area_(std::make_unique<DriverMemory>()) {
  for (std::size_t i = 0; i < kLives; ++i)
    areas_.push_back(memory.allocate(kAreaBytes, 4096));
  thread_ = std::thread([this] { main(); });
}

LoadedQueue::~LoadedQueue() {
  rest();
  enter(Phase::kEnding);
  thread_.join();
}

const DriverRing& LoadedQueue::begin_life() {
  life_ = (life_ + 1) % kLives;
  check_pattern(life_);
  is_over_[life_] = false;
  area_ = std::make_unique<DriverMemory>(areas_[life_]);
  ring_ = make_ring(*area_, kRingSize, features_);
  ring_->want_interrupt(true);
  is_prepared_ = false;
  return *ring_;
}

void LoadedQueue::prepare(std::uint64_t session) {
  free_.clear();
  slots_.resize(kSlots);
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots_[i];
    slot.number = static_cast<std::uint32_t>(queue_ * kSlots + i);
    if (slot.result.empty()) slot.result = Talk::ciphertext(slot.number, Talk::kTextBytes);
    const Bytes sent = talk_.encrypt_bytes(session, slot.number);
    const Buffer readable = area_->allocate(sent);
    const Buffer writable = area_->allocate(Talk::kTextBytes + 1);
    slot.written = writable.bytes;
    slot.chain = {{readable.address, static_cast<std::uint32_t>(sent.size()), false},
                  {writable.address, static_cast<std::uint32_t>(writable.bytes.size()), true}};
    free_.push_back(i);
  }
}

void LoadedQueue::run(std::uint64_t session) {
  if (!std::exchange(is_prepared_, true)) prepare(session);
  is_to_stop_ = false;
  enter(Phase::kRunning);
}

void LoadedQueue::ask_to_rest() {
  is_to_stop_ = true;
  slot_.wake();
}

void LoadedQueue::rest() {
  ask_to_rest();
  wait_for_rest();
}

void LoadedQueue::drain() {
  rest();
  is_to_stop_ = false;
  enter(Phase::kDraining);
  wait_for_rest();
}

void LoadedQueue::end_life() {
  while (collect()) {
  }
  for (const auto& [head, index] : in_flight_) {
    if (slots_[index].written.back() != kUnwritten) fail("a request that was discarded has a status");
  }
  discarded_ += in_flight_.size();
  in_flight_.clear();
  std::fill(areas_[life_].bytes.begin(), areas_[life_].bytes.end(), kPattern);
  is_over_[life_] = true;
}

void LoadedQueue::check_patterns() {
  for (std::size_t life = 0; life < kLives; ++life)
    check_pattern(life);
}

void LoadedQueue::check_pattern(std::size_t life) {
  const auto& bytes = areas_[life].bytes;
  if (is_over_[life] && !std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == kPattern; }))
    fail("memory was written after a reset");
}

void LoadedQueue::enter(Phase phase) {
  const std::lock_guard lock(mutex_);
  phase_ = phase;
  changed_.notify_all();
}

void LoadedQueue::wait_for_rest() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return phase_ == Phase::kResting; });
}

void LoadedQueue::main() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return phase_ != Phase::kResting; });
      if (phase_ == Phase::kEnding) return;
    }
    work();
    enter(Phase::kResting);
  }
}

void LoadedQueue::work() {
  const bool is_draining = [this] {
    const std::lock_guard lock(mutex_);
    return phase_ == Phase::kDraining;
  }();
  while (!is_to_stop_ && fault_.empty()) {
    const unsigned seen = slot_.signals(vector());
    ring_->want_interrupt(true);
    const bool has_sent = !is_draining && send();
    if (collect() || has_sent) continue;
    if (is_draining && in_flight_.empty()) return;
    if (!slot_.wait(vector(), seen, is_to_stop_)) fail("a request or its interrupt was lost");
  }
}

bool LoadedQueue::send() {
  const bool has_room = !free_.empty();
  while (!free_.empty()) {
    const std::size_t index = free_.back();
    free_.pop_back();
    std::fill(slots_[index].written.begin(), slots_[index].written.end(), kUnwritten);
    const auto head = ring_->add(slots_[index].chain);
    if (!head || !in_flight_.emplace(*head, index).second) return fail("no descriptor is free"), false;
  }
  if (has_room && ring_->needs_kick()) pci_.kick(queue_, *ring_);
  return has_room;
}

bool LoadedQueue::collect() {
  bool any = false;
  while (const auto used = ring_->poll()) {
    any = true;
    const auto found = in_flight_.find(used->head);
    if (found == in_flight_.end()) return fail("a request came back twice"), false;
    const Slot& slot = slots_[found->second];
    if (used->length != slot.written.size() || !is_right(slot)) fail("a wrong answer");
    free_.push_back(found->second);
    in_flight_.erase(found);
    ++completed_;
  }
  return any;
}

bool LoadedQueue::is_right(const Slot& slot) {
  return slot.written.back() == std::byte{0} &&
         std::equal(slot.result.begin(), slot.result.end(), slot.written.begin());
}

void LoadedQueue::fail(std::string what) {
  if (fault_.empty()) fault_ = std::move(what);
}

}  // namespace virtcrypt::test
