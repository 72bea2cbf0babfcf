// One request of a driver: validated, ordered lists of readable and writable segments, and cursors over them.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace virtcrypt::virtio {

// What is left of one side of a chain; descriptor boundaries carry no meaning (VIRTIO 1.4, 2.7.4.1).
class ChainCursor {
 public:
  [[nodiscard]] std::uint64_t remaining() const { return remaining_; }

 protected:
  ChainCursor(std::span<const std::span<std::byte>> segments, std::uint64_t bytes)
      : segments_(segments), remaining_(bytes) {}

  // Steps over the next `bytes` bytes where they lie in one piece, as nearly everything does. Null, with
  // nothing consumed, where they do not, there are fewer, or none is asked for.
  [[nodiscard]] std::byte* step_in_one_piece(std::uint64_t bytes) {
    if (bytes == 0 || bytes > remaining_) return nullptr;
    const std::span<std::byte> front = segments_.front();
    if (bytes > front.size() - offset_) return nullptr;
    std::byte* const piece = front.data() + offset_;
    remaining_ -= bytes;
    offset_ += bytes;
    if (offset_ == front.size()) {
      segments_ = segments_.subspan(1);
      offset_ = 0;
    }
    return piece;
  }

  std::span<const std::span<std::byte>> segments_;
  std::size_t offset_ = 0;  // into segments_.front()
  std::uint64_t remaining_;
};

// Walks the device-readable bytes of a chain. They lie in guest memory and may change at any time: read()
// copies them once, decisions use the copy.
class ReadCursor : public ChainCursor {
 public:
  ReadCursor(std::span<const std::span<std::byte>> segments, std::uint64_t bytes)
      : ChainCursor(segments, bytes) {}

  // Copies the next destination.size() bytes out. False, with nothing consumed, when there are fewer.
  [[nodiscard]] bool read(std::span<std::byte> destination) {
    const std::byte* const piece = step_in_one_piece(destination.size());
    if (piece == nullptr) return read_pieces(destination);
    std::memcpy(destination.data(), piece, destination.size());
    no_second_load();
    return true;
  }
  // The same with an object, whose size the compiler knows.
  template <typename Object>
  requires std::is_trivially_copyable_v<Object>
  [[nodiscard]] bool read_into(Object& object) {
    const std::byte* const piece = step_in_one_piece(sizeof object);
    if (piece == nullptr) return read_pieces(std::as_writable_bytes(std::span(&object, 1)));
    std::memcpy(&object, piece, sizeof object);
    no_second_load();
    return true;
  }
  template <typename Object>
  requires std::is_trivially_copyable_v<Object>
  [[nodiscard]] std::optional<Object> read_object() {
    std::optional<Object> object(std::in_place);
    if (!read_into(*object)) object.reset();
    return object;
  }

  // Steps over the next `bytes` bytes. False, with nothing consumed, when there are fewer.
  [[nodiscard]] bool skip(std::uint64_t bytes) {
    return step_in_one_piece(bytes) != nullptr || skip_pieces(bytes);
  }

  // Hands on the next `bytes` bytes without copying, appended to `pieces`. False, with nothing consumed, when
  // there are fewer.
  [[nodiscard]] bool take(std::uint64_t bytes, std::vector<std::span<const std::byte>>& pieces) {
    const std::byte* const piece = step_in_one_piece(bytes);
    if (piece == nullptr) return take_pieces(bytes, pieces);
    pieces.emplace_back(piece, bytes);
    return true;
  }

 private:
  // The guest may write meanwhile: the compiler must not fold a copy into a second load later.
  static void no_second_load() { std::atomic_signal_fence(std::memory_order_seq_cst); }

  [[nodiscard]] bool read_pieces(std::span<std::byte> destination);
  [[nodiscard]] bool skip_pieces(std::uint64_t bytes);
  [[nodiscard]] bool take_pieces(std::uint64_t bytes, std::vector<std::span<const std::byte>>& pieces);
};

// Walks the device-writable bytes of a chain.
class WriteCursor : public ChainCursor {
 public:
  WriteCursor(std::span<const std::span<std::byte>> segments, std::uint64_t bytes)
      : ChainCursor(segments, bytes) {}

  // Copies `source` in. False, with nothing written, when there is less room.
  [[nodiscard]] bool write(std::span<const std::byte> source);

  template <typename Object>
  requires std::is_trivially_copyable_v<Object>
  [[nodiscard]] bool write_object(const Object& object) {
    if (std::byte* const piece = step_in_one_piece(sizeof object)) {
      std::memcpy(piece, &object, sizeof object);
      return true;
    }
    return write(std::as_bytes(std::span(&object, 1)));
  }

  // Writes up to `bytes` zero bytes, fewer when there is less room.
  void fill_zero(std::uint64_t bytes) {
    if (bytes != 0) fill_pieces(bytes);
  }

  // Steps over up to `bytes` bytes.
  void skip(std::uint64_t bytes) {
    if (bytes != 0 && step_in_one_piece(bytes) == nullptr) skip_pieces(bytes);
  }

  // Steps to the last byte; there is at least one left.
  void skip_to_last() {
    segments_ = segments_.last(1);
    offset_ = segments_.front().size() - 1;
    remaining_ = 1;
  }

  // Leaves the last `bytes` bytes out, which somebody else writes.
  void drop_last(std::uint64_t bytes) { remaining_ -= bytes < remaining_ ? bytes : remaining_; }

  // Hands on the next `bytes` bytes for somebody else to write, appended to `pieces`.
  [[nodiscard]] bool take(std::uint64_t bytes, std::vector<std::span<std::byte>>& pieces) {
    std::byte* const piece = step_in_one_piece(bytes);
    if (piece == nullptr) return take_pieces(bytes, pieces);
    pieces.emplace_back(piece, bytes);
    return true;
  }

 private:
  void fill_pieces(std::uint64_t bytes);
  void skip_pieces(std::uint64_t bytes);
  [[nodiscard]] bool take_pieces(std::uint64_t bytes, std::vector<std::span<std::byte>>& pieces);
};

// The reusable inside of a chain; queues keep a stock of them so that popping allocates nothing in the steady
// state.
struct ChainStorage {
  std::vector<std::span<std::byte>> readable;
  std::vector<std::span<std::byte>> writable;
  std::uint64_t readable_bytes = 0;
  std::uint64_t writable_bytes = 0;
  std::uint16_t head = 0;    // split: index of the head descriptor; packed: buffer id
  std::uint16_t slots = 0;   // packed: descriptors of the ring that the chain takes
  std::uint64_t number = 0;  // in order of popping

  void clear() {
    readable.clear();
    writable.clear();
    readable_bytes = writable_bytes = 0;
  }
};

// A chain that was popped off a queue. It ends in exactly one of two ways: Queue::complete(), which returns
// it to the driver, or discard(), when its queue was reset. Dropping one without either is a fault of this
// program. Thread-safety: distinct objects only.
class DescriptorChain {
 public:
  DescriptorChain() = default;  // none: only to be assigned to
  explicit DescriptorChain(std::unique_ptr<ChainStorage> storage) : storage_(std::move(storage)) {}
  DescriptorChain(DescriptorChain&&) noexcept = default;
  DescriptorChain& operator=(DescriptorChain&& other) noexcept {
    assert(storage_ == nullptr && "chain overwritten before it was completed or discarded");
    storage_ = std::move(other.storage_);
    return *this;
  }
  ~DescriptorChain() { assert(storage_ == nullptr && "chain neither completed nor discarded"); }

  [[nodiscard]] explicit operator bool() const { return storage_ != nullptr; }

  [[nodiscard]] std::uint16_t head() const { return storage_->head; }
  [[nodiscard]] std::uint64_t readable_bytes() const { return storage_->readable_bytes; }
  [[nodiscard]] std::uint64_t writable_bytes() const { return storage_->writable_bytes; }
  [[nodiscard]] ReadCursor reader() const { return ReadCursor(storage_->readable, storage_->readable_bytes); }
  [[nodiscard]] WriteCursor writer() const {
    return WriteCursor(storage_->writable, storage_->writable_bytes);
  }

  // As the driver cut them, for those who write a chain down; everybody else uses the cursors.
  [[nodiscard]] std::span<const std::span<std::byte>> readable_segments() const { return storage_->readable; }
  [[nodiscard]] std::span<const std::span<std::byte>> writable_segments() const { return storage_->writable; }

  void discard() { storage_.reset(); }

  // For queues: takes the inside back.
  [[nodiscard]] std::unique_ptr<ChainStorage> release() { return std::move(storage_); }

 private:
  std::unique_ptr<ChainStorage> storage_;
};

}  // namespace virtcrypt::virtio
