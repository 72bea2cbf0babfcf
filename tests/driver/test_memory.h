// Guest memory for tests: plain buffers, and an allocator as a driver's DMA allocator would be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::test {

using Bytes = std::vector<std::byte>;

// A piece of guest memory: where the guest sees it, and where the test does.
struct Buffer {
  std::uint64_t address = 0;
  std::span<std::byte> bytes;
};

// Thread-safety: one driver thread.
class TestMemory {
 public:
  struct Region {
    std::uint64_t base;
    std::size_t bytes;
  };
  static constexpr std::uint64_t kBase = 0x10'0000;

  explicit TestMemory(std::size_t bytes = std::size_t{8} << 20) : TestMemory({Region{kBase, bytes}}) {}
  explicit TestMemory(const std::vector<Region>& regions);

  [[nodiscard]] const virtio::GuestMemory& memory() const { return *memory_; }

  // From the first region, one after the other; throws std::bad_alloc when it is full.
  Buffer allocate(std::size_t bytes, std::size_t alignment = 16);
  Buffer allocate(std::span<const std::byte> content, std::size_t alignment = 16);

  // Gives back all that was allocated since mark().
  [[nodiscard]] std::size_t mark() const { return used_; }
  void rewind(std::size_t mark) { used_ = mark; }

  // The test's view of a guest address; the range must be in RAM.
  [[nodiscard]] std::span<std::byte> at(std::uint64_t address, std::size_t bytes);

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::vector<std::unique_ptr<std::byte, Free>> storage_;
  std::unique_ptr<virtio::GuestMemory> memory_;
  Buffer first_;
  std::size_t used_ = 0;
};

}  // namespace virtcrypt::test
