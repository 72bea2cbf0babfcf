// Guest memory of this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/driver_memory.h"
#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::test {

// Thread-safety: one driver thread.
class TestMemory final : public DriverMemory {
 public:
  struct Region {
    std::uint64_t base;
    std::size_t bytes;
  };
  static constexpr std::uint64_t kBase = 0x10'0000;

  explicit TestMemory(std::size_t bytes = std::size_t{8} << 20) : TestMemory({Region{kBase, bytes}}) {}
  explicit TestMemory(const std::vector<Region>& regions);

  [[nodiscard]] const virtio::GuestMemory& memory() const { return *memory_; }

  // In any region; allocate() takes from the first.
  [[nodiscard]] std::span<std::byte> at(std::uint64_t address, std::size_t bytes) override;

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::vector<std::unique_ptr<std::byte, Free>> storage_;
  std::unique_ptr<virtio::GuestMemory> memory_;
};

}  // namespace virtcrypt::test
