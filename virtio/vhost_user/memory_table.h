// Memory that a front-end shares, as its messages describe it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/virtio/expected.h"
#include "virtcrypt/virtio/file_descriptor.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/vhost_user/protocol.h"

namespace virtcrypt::virtio::vhost_user {

// `bytes` of a file from `offset` on, shared with whoever else maps it. Unmapped at the end.
class SharedMapping {
 public:
  // The error is what is wrong with the file or the numbers. The descriptor is not needed afterwards.
  [[nodiscard]] static Expected<SharedMapping, std::string> map(int fd, std::uint64_t offset,
                                                                std::uint64_t bytes);
  SharedMapping(SharedMapping&& other) noexcept;
  SharedMapping& operator=(SharedMapping&& other) noexcept;
  ~SharedMapping();

  [[nodiscard]] std::span<std::byte> bytes() const { return whole_.subspan(front_, bytes_); }

 private:
  SharedMapping(std::span<std::byte> whole, std::size_t front, std::size_t bytes)
      : whole_(whole), front_(front), bytes_(bytes) {}

  std::span<std::byte> whole_;  // whole pages of the file
  std::size_t front_;
  std::size_t bytes_;
};

// Thread-safety: one thread; the memory that it makes, any. Regions may go only when nobody uses memory().
class MemoryTable {
 public:
  // Most regions at a time.
  static constexpr std::size_t kMaxRegions = 512;

  // The error is one line; the table is as it was before.
  [[nodiscard]] Expected<void, std::string> add(const MemoryRegionDescription& region, int fd);
  // By guest address, user address and size. False when there is none such.
  [[nodiscard]] bool remove(const MemoryRegionDescription& region);
  void clear();

  // Null without regions.
  [[nodiscard]] const GuestMemory* memory() const { return memory_.get(); }
  // Of an address of the front-end's own.
  [[nodiscard]] std::optional<GuestAddress> guest_address(std::uint64_t user_address) const;

 private:
  struct Region {
    MemoryRegionDescription description;
    SharedMapping mapping;
  };
  [[nodiscard]] std::unique_ptr<const GuestMemory> memory_of_regions() const;

  std::vector<Region> regions_;
  std::unique_ptr<const GuestMemory> memory_;
};

}  // namespace virtcrypt::virtio::vhost_user
