// The guest-physical address space as the device side of virtio sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace virtcrypt::virtio {

// A guest-physical address. The guest controls every value of this type.
enum class GuestAddress : std::uint64_t {};

[[nodiscard]] constexpr std::uint64_t to_integer(GuestAddress address) {
  return static_cast<std::uint64_t>(address);
}

// One block of guest RAM and where it is in this process.
struct MemoryRegion {
  GuestAddress base{};
  std::span<std::byte> host;
};

// A sorted list of RAM regions: the one place where a guest address becomes a pointer. What is not RAM
// (device MMIO, holes) has no translation, so a device can never be made to access another device, or itself.
// Thread-safety: immutable after construction, any thread.
class GuestMemory {
 public:
  // Throws std::invalid_argument when regions are empty, overlap or wrap around the end of the address space.
  explicit GuestMemory(std::vector<MemoryRegion> regions);

  // The bytes [address, address + length) when they lie in one region; nothing otherwise. A length of 0 has
  // no range.
  [[nodiscard]] std::optional<std::span<std::byte>> range(GuestAddress address, std::uint64_t length) const {
    std::byte* const bytes = in_largest(address, length);
    if (bytes == nullptr) return range_anywhere(address, length);
    return std::span(bytes, length);
  }

  // The same in the largest region alone, where most of what a guest uses lies; null: not there.
  [[nodiscard]] std::byte* in_largest(GuestAddress address, std::uint64_t length) const {
    const std::uint64_t offset = to_integer(address) - largest_base_;
    // The second comparison does not wrap: the first one holds.
    if (offset >= largest_.size() || length - 1 >= largest_.size() - offset) return nullptr;
    return largest_.data() + offset;
  }

  // Appends the bytes [address, address + length) to `pieces`, in order, split where adjacent regions meet.
  // False, with nothing appended, when any byte is not RAM or the range wraps.
  [[nodiscard]] bool append_pieces(GuestAddress address, std::uint64_t length,
                                   std::vector<std::span<std::byte>>& pieces) const {
    std::byte* const bytes = in_largest(address, length);
    if (bytes == nullptr) return append_anywhere(address, length, pieces);
    pieces.emplace_back(bytes, length);
    return true;
  }

  [[nodiscard]] std::span<const MemoryRegion> regions() const { return regions_; }

 private:
  [[nodiscard]] const MemoryRegion* find(std::uint64_t address) const;

  [[nodiscard]] std::optional<std::span<std::byte>> range_anywhere(GuestAddress address,
                                                                   std::uint64_t length) const;
  [[nodiscard]] bool append_anywhere(GuestAddress address, std::uint64_t length,
                                     std::vector<std::span<std::byte>>& pieces) const;

  std::vector<MemoryRegion> regions_;
  // Most buffers lie in the largest region: it is looked at first.
  std::uint64_t largest_base_ = 0;
  std::span<std::byte> largest_;
};

}  // namespace virtcrypt::virtio
