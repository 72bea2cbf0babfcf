// One request of a driver: validated, ordered lists of readable and writable segments, and cursors over them.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace virtcrypt::virtio {

// Walks the device-readable bytes of a chain; descriptor boundaries carry no meaning (VIRTIO 1.4, 2.7.4.1).
// The bytes lie in guest memory and may change at any time: read() copies them once, decisions use the copy.
class ReadCursor {
 public:
  explicit ReadCursor(std::span<const std::span<std::byte>> segments, std::uint64_t bytes)
      : segments_(segments), remaining_(bytes) {}

  [[nodiscard]] std::uint64_t remaining() const { return remaining_; }

  // Copies the next destination.size() bytes out. False, with nothing consumed, when there are fewer.
  [[nodiscard]] bool read(std::span<std::byte> destination);

  template <typename Object>
  requires std::is_trivially_copyable_v<Object>
  [[nodiscard]] std::optional<Object> read_object() {
    Object object;
    if (!read(std::as_writable_bytes(std::span(&object, 1)))) return std::nullopt;
    return object;
  }

  // Steps over the next `bytes` bytes. False, with nothing consumed, when there are fewer.
  [[nodiscard]] bool skip(std::uint64_t bytes);

  // Hands on the next `bytes` bytes without copying, appended to `pieces`. False, with nothing consumed, when
  // there are fewer.
  [[nodiscard]] bool take(std::uint64_t bytes, std::vector<std::span<const std::byte>>& pieces);

 private:
  std::span<const std::span<std::byte>> segments_;
  std::size_t offset_ = 0;  // into segments_.front()
  std::uint64_t remaining_;
};

// Walks the device-writable bytes of a chain.
class WriteCursor {
 public:
  explicit WriteCursor(std::span<const std::span<std::byte>> segments, std::uint64_t bytes)
      : segments_(segments), remaining_(bytes) {}

  [[nodiscard]] std::uint64_t remaining() const { return remaining_; }

  // Copies `source` in. False, with nothing written, when there is less room.
  [[nodiscard]] bool write(std::span<const std::byte> source);

  template <typename Object>
  requires std::is_trivially_copyable_v<Object>
  [[nodiscard]] bool write_object(const Object& object) {
    return write(std::as_bytes(std::span(&object, 1)));
  }

  // Writes up to `bytes` zero bytes, fewer when there is less room.
  void fill_zero(std::uint64_t bytes);

  // Steps over up to `bytes` bytes.
  void skip(std::uint64_t bytes);

  // Leaves the last `bytes` bytes out, which somebody else writes.
  void drop_last(std::uint64_t bytes) { remaining_ -= bytes < remaining_ ? bytes : remaining_; }

  // Hands on the next `bytes` bytes for somebody else to write, appended to `pieces`.
  [[nodiscard]] bool take(std::uint64_t bytes, std::vector<std::span<std::byte>>& pieces);

 private:
  std::span<const std::span<std::byte>> segments_;
  std::size_t offset_ = 0;
  std::uint64_t remaining_;
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
  explicit DescriptorChain(std::unique_ptr<ChainStorage> storage) : storage_(std::move(storage)) {}
  DescriptorChain(DescriptorChain&&) noexcept = default;
  DescriptorChain& operator=(DescriptorChain&& other) noexcept {
    assert(storage_ == nullptr && "chain overwritten before it was completed or discarded");
    storage_ = std::move(other.storage_);
    return *this;
  }
  ~DescriptorChain() { assert(storage_ == nullptr && "chain neither completed nor discarded"); }

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
