// The record of the chains that a split virtqueue has taken and not returned, in memory that outlives the
// process that serves the queue (vhost-user protocol, "Inflight I/O tracking"): a process that takes its
// place serves them once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virtcrypt::virtio {

// One queue's part of the shared area. Others write there as well: nothing that is read from it is believed
// unchecked. Thread-safety: one thread, the one that serves the queue.
class SplitInflight {
 public:
  // Bytes of a queue of `queue_size`, a multiple of 64.
  [[nodiscard]] static std::size_t bytes_for(std::uint16_t queue_size);

  // `area` has bytes_for(queue_size), aligned to 8, and outlives this object.
  SplitInflight(std::span<std::byte> area, std::uint16_t queue_size);

  // Before the queue takes anything, with the used index of its ring: heads of the chains that were in
  // flight, in the order in which they were taken. Makes the record consistent where its writer was stopped
  // in between.
  [[nodiscard]] std::vector<std::uint16_t> recover(std::uint16_t used_index);
  // Whether there was a record; without one recover() has begun it.
  [[nodiscard]] bool is_recovered() const { return is_recovered_; }

  // A chain was taken from the available ring.
  void taken(std::uint16_t head);
  // Its used element was written, and cannot be seen yet.
  void returning(std::uint16_t head);
  // The used index covers all of those, and is now `used_index`.
  void returned(std::uint16_t used_index);

 private:
  struct Header;
  struct Entry;
  [[nodiscard]] Header& header() const;
  [[nodiscard]] Entry& entry(std::uint16_t head) const;
  void finish_last_batch(std::uint16_t used_index);

  const std::span<std::byte> area_;
  const std::uint16_t queue_size_;
  bool is_recovered_ = false;
  std::uint64_t counter_ = 0;
  std::vector<std::uint16_t> batch_;  // returning
};

}  // namespace virtcrypt::virtio
