// Memory of a guest that its monitor shares with back-ends: files, mapped here and described in messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/driver/driver_memory.h"
#include "virtcrypt/virtio/file_descriptor.h"

namespace virtcrypt::test {

// Thread-safety: one driver thread.
class SharedMemory final : public DriverMemory {
 public:
  struct Wanted {
    std::uint64_t guest_address;
    std::size_t bytes;
  };
  // As a message describes it.
  struct Region {
    std::uint64_t guest_address;
    std::uint64_t bytes;
    std::uint64_t user_address;
    std::uint64_t offset;  // in the file
    int fd;
  };
  static constexpr std::uint64_t kBase = 0x10'0000;

  explicit SharedMemory(std::size_t bytes = std::size_t{4} << 20)
      : SharedMemory(std::vector<Wanted>{{kBase, bytes}}) {}
  // Each region lies in a file of its own, at another offset; allocate() takes from the first.
  explicit SharedMemory(const std::vector<Wanted>& regions);
  ~SharedMemory() override;

  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }
  // Where the monitor has what lies at an address of the guest's.
  [[nodiscard]] std::uint64_t user_address(std::uint64_t guest_address) const;
  // In any region.
  [[nodiscard]] std::span<std::byte> at(std::uint64_t address, std::size_t bytes) override;

 private:
  std::vector<Region> regions_;
  std::vector<virtio::FileDescriptor> files_;
};

// A file in memory.
[[nodiscard]] virtio::FileDescriptor memory_file(std::size_t bytes);

}  // namespace virtcrypt::test
