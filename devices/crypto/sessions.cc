#include "virtcrypt/devices/crypto/sessions.h"

#include <cassert>

namespace virtcrypt::devices::crypto_dev {

SessionPin& SessionPin::operator=(SessionPin&& other) noexcept {
  if (this != &other) {
    release();
    table_ = std::exchange(other.table_, nullptr);
    slot_ = other.slot_;
    session_ = other.session_;
    note_ = other.note_;
  }
  return *this;
}

void SessionPin::release() {
  if (table_ != nullptr) std::exchange(table_, nullptr)->unpin(slot_);
}

SessionTable::SessionTable(std::size_t capacity) : slots_(capacity) {
  assert(capacity >= 1 && capacity <= UINT32_MAX);
  free_.reserve(capacity);
  for (std::size_t i = capacity; i > 0; --i)
    free_.push_back(static_cast<std::uint32_t>(i - 1));
}

SessionTable::~SessionTable() {
  clear();
}

std::optional<std::uint64_t> SessionTable::add(crypto::SessionPointer session, const SessionNote& note) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::nullopt;
  const std::uint32_t index = free_.back();
  free_.pop_back();
  ++open_;
  Slot& slot = slots_[index];
  slot.session = std::move(session);
  slot.note = note;
  const std::uint64_t id = ++serial_ * slots_.size() + index;
  slot.id.store(id, std::memory_order_release);  // publishes the session to find()
  return id;
}

SessionPin SessionTable::find(std::uint64_t id) {
  const auto index = static_cast<std::uint32_t>(id % slots_.size());
  Slot& slot = slots_[index];
  if (id == 0 || slot.id.load(std::memory_order_relaxed) != id) return {};
  // Pin first, look again then: removal clears the id first and looks at the pins then. Sequentially
  // consistent, so that one of the two sees the other.
  slot.pins.fetch_add(1);
  if (slot.id.load() != id) {
    unpin(index);
    return {};
  }
  return SessionPin(*this, index, *slot.session, slot.note);
}

bool SessionTable::remove(std::uint64_t id, std::optional<crypto::Service> service) {
  const auto index = static_cast<std::uint32_t>(id % slots_.size());
  {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[index];
    if (id == 0 || slot.id.load(std::memory_order_relaxed) != id ||
        (service && listed_as(slot.session->service()) != *service))
      return false;
    close(index);
  }
  free_if_last(index);
  return true;
}

std::size_t SessionTable::clear() {
  std::size_t removed = 0;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    {
      const std::lock_guard lock(mutex_);
      if (slots_[i].id.load(std::memory_order_relaxed) == 0) continue;
      close(i);
    }
    free_if_last(i);
    ++removed;
  }
  return removed;
}

std::size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

void SessionTable::close(std::uint32_t index) {
  slots_[index].id.store(0);
  slots_[index].pins.fetch_or(kClosing);
  --open_;
}

void SessionTable::unpin(std::uint32_t index) {
  if (slots_[index].pins.fetch_sub(1) == kClosing + 1) free_if_last(index);
}

// Whoever takes a closing slot from "no pins" to "freeing" frees it: exactly one does.
void SessionTable::free_if_last(std::uint32_t index) {
  std::uint32_t closing_without_pins = kClosing;
  if (slots_[index].pins.compare_exchange_strong(closing_without_pins, kFreeing)) free_slot(index);
}

void SessionTable::free_slot(std::uint32_t index) {
  slots_[index].session.reset();  // wipes the keys
  // A late find() may have a pin for a moment, until it sees that the id is gone: subtract, do not store.
  slots_[index].pins.fetch_sub(kFreeing);
  const std::lock_guard lock(mutex_);
  free_.push_back(index);
}

}  // namespace virtcrypt::devices::crypto_dev
