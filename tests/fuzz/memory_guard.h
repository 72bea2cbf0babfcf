// Notices what a device writes into memory that is not its to write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/driver/bytes.h"
#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::fuzz {

// Thread-safety: none. `memory` must outlive it.
class MemoryGuard {
 public:
  explicit MemoryGuard(const virtio::GuestMemory& memory);

  // All of memory as it is now; what was allowed is so no longer.
  void remember();

  // The device may change these bytes, if they are memory.
  void allow(std::uint64_t address, std::uint64_t bytes);

  // The first address whose content is another than it was remembered, and was not allowed to change.
  [[nodiscard]] std::optional<std::uint64_t> first_change();

 private:
  struct Range {
    std::uint64_t address;
    std::uint64_t bytes;
  };
  const virtio::GuestMemory& memory_;
  std::vector<test::Bytes> copies_;  // of the regions
  std::vector<Range> allowed_;
};

}  // namespace virtcrypt::fuzz
