// The sessions of a device: created on the control queue, usable from every data queue at once, destroyed
// while requests on them are in flight without a race.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "virtcrypt/crypto/session.h"
#include "virtcrypt/devices/crypto/session_note.h"

namespace virtcrypt::devices::crypto_dev {

class SessionTable;

// Keeps a session alive while a request runs on it. Move-only; any thread may release it.
class SessionPin {
 public:
  SessionPin() = default;
  SessionPin(SessionPin&& other) noexcept
      : table_(std::exchange(other.table_, nullptr)),
        slot_(other.slot_),
        session_(other.session_),
        note_(other.note_) {}
  SessionPin& operator=(SessionPin&& other) noexcept;
  ~SessionPin() { release(); }

  [[nodiscard]] explicit operator bool() const { return table_ != nullptr; }
  [[nodiscard]] const crypto::Session& session() const { return *session_; }
  [[nodiscard]] const SessionNote& note() const { return *note_; }
  // Whether the session, which is pinned, is open under this id.
  [[nodiscard]] bool is_open_as(std::uint64_t id) const;
  void release();

 private:
  friend class SessionTable;
  SessionPin(SessionTable& table, std::uint32_t slot, const crypto::Session& session, const SessionNote& note)
      : table_(&table), slot_(slot), session_(&session), note_(&note) {}

  SessionTable* table_ = nullptr;
  std::uint32_t slot_ = 0;
  const crypto::Session* session_ = nullptr;
  const SessionNote* note_ = nullptr;
};

// Ids are 64-bit, never 0 and never used twice: a serial number times the capacity, plus the slot.
// Thread-safety: any thread. find() takes no lock; the last user of a destroyed session frees it, which wipes
// its keys.
class SessionTable {
 public:
  // `capacity` >= 1: the most sessions that are open at once.
  explicit SessionTable(std::size_t capacity);
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // The new session's id, or nothing when all are taken.
  [[nodiscard]] std::optional<std::uint64_t> add(crypto::SessionPointer session,
                                                 const SessionNote& note = {});

  // A session by its id; empty when there is none.
  [[nodiscard]] SessionPin find(std::uint64_t id);

  // False when there is no such session, or it belongs to another service than one that is named. Pins taken
  // before keep it alive.
  [[nodiscard]] bool remove(std::uint64_t id, std::optional<crypto::Service> service);

  // Removes all; returns how many there were.
  std::size_t clear();

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t capacity() const { return slots_.size(); }

 private:
  friend class SessionPin;
  struct Slot {
    // The id of the open session here, 0: none. What find() compares.
    std::atomic<std::uint64_t> id{0};
    // Count of pins, plus kClosing from removal to the end of the last pin, plus kFreeing while that is
    // freed.
    std::atomic<std::uint32_t> pins{0};
    // Written only while no pin can exist.
    crypto::SessionPointer session;
    SessionNote note;
  };
  static constexpr std::uint32_t kClosing = std::uint32_t{1} << 31;
  static constexpr std::uint32_t kFreeing = std::uint32_t{1} << 30;

  void unpin(std::uint32_t slot);
  void close(std::uint32_t slot);         // with mutex_ held
  void free_if_last(std::uint32_t slot);  // without mutex_
  void free_slot(std::uint32_t slot);

  std::vector<Slot> slots_;
  mutable std::mutex mutex_;
  // Under mutex_:
  std::vector<std::uint32_t> free_;
  std::uint64_t serial_ = 0;
  std::size_t open_ = 0;
};

// A pinned session's slot is nobody else's.
inline bool SessionPin::is_open_as(std::uint64_t id) const {
  return id != 0 && table_->slots_[slot_].id.load(std::memory_order_acquire) == id;
}

}  // namespace virtcrypt::devices::crypto_dev
