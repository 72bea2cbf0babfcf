// The driver's side of one split virtqueue (VIRTIO 1.4, 2.7).
#pragma once

#include <cstdint>

#include "function.h"

namespace virtcrypt::guest {

// Memory that a descriptor points to; addresses are physical, as everything here.
struct Buffer {
  const void* data;
  std::uint32_t size;
  bool writable;
};

class Queue {
 public:
  static constexpr std::uint16_t kSize = 64;

  // Clears the ring and enables it in the device, with this MSI-X vector; false when the device refuses size
  // or vector.
  [[nodiscard]] bool enable(const Function& function, std::uint16_t index, std::uint16_t vector);

  // Puts a chain into the ring. The caller keeps at most kSize descriptors in flight.
  void add(const Buffer* buffers, unsigned count);
  void kick(const Function& function) const { function.notify(index_, notify_offset_); }

  // How many chains came back since enable(), and whether as many come back in time as were added.
  [[nodiscard]] std::uint16_t completed() const { return read_shared(used_.index); }
  [[nodiscard]] bool wait_for_all() const;
  // The length that came with the last chain.
  [[nodiscard]] std::uint32_t last_used_bytes() const;

 private:
  struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
  };
  struct Used {
    std::uint32_t id;
    std::uint32_t length;
  };

  alignas(16) Descriptor descriptors_[kSize];
  struct {
    std::uint16_t flags;
    std::uint16_t index;
    std::uint16_t ring[kSize];
    std::uint16_t used_event;
  } available_;
  struct {
    alignas(4) std::uint16_t flags;
    std::uint16_t index;
    Used ring[kSize];
    std::uint16_t available_event;
  } used_;
  std::uint16_t next_descriptor_;
  std::uint16_t index_;
  std::uint16_t notify_offset_;
};

}  // namespace virtcrypt::guest
