#include "virtcrypt/virtio/guest_memory.h"

#include <algorithm>
#include <stdexcept>

namespace virtcrypt::virtio {

GuestMemory::GuestMemory(std::vector<MemoryRegion> regions) : regions_(std::move(regions)) {
  std::sort(regions_.begin(), regions_.end(), [](const MemoryRegion& a, const MemoryRegion& b) {
    return to_integer(a.base) < to_integer(b.base);
  });
  std::uint64_t end_of_previous = 0;
  for (const MemoryRegion& region : regions_) {
    const std::uint64_t base = to_integer(region.base);
    if (region.host.empty()) throw std::invalid_argument("guest memory region is empty");
    if (base < end_of_previous) throw std::invalid_argument("guest memory regions overlap");
    if (region.host.size() > UINT64_MAX - base)
      throw std::invalid_argument("guest memory region wraps around");
    end_of_previous = base + region.host.size();
    if (region.host.size() > largest_.size()) {
      largest_base_ = base;
      largest_ = region.host;
    }
  }
}

const MemoryRegion* GuestMemory::find(std::uint64_t address) const {
  // A machine has two or three regions, a vhost-user table a few: walking them beats a search.
  for (const MemoryRegion& region : regions_) {
    const std::uint64_t base = to_integer(region.base);
    if (address >= base && address - base < region.host.size()) return &region;
  }
  return nullptr;
}

std::optional<std::span<std::byte>> GuestMemory::range_anywhere(GuestAddress address,
                                                                std::uint64_t length) const {
  const std::uint64_t start = to_integer(address);
  const MemoryRegion* region = find(start);
  if (region == nullptr || length == 0) return std::nullopt;
  const std::uint64_t offset = start - to_integer(region->base);
  if (length > region->host.size() - offset) return std::nullopt;
  return region->host.subspan(offset, length);
}

bool GuestMemory::append_anywhere(GuestAddress address, std::uint64_t length,
                                  std::vector<std::span<std::byte>>& pieces) const {
  const std::size_t pieces_before = pieces.size();
  std::uint64_t start = to_integer(address);
  while (length > 0) {
    const MemoryRegion* region = find(start);
    if (region == nullptr) {
      pieces.resize(pieces_before);
      return false;
    }
    const std::uint64_t offset = start - to_integer(region->base);
    const std::uint64_t here = std::min<std::uint64_t>(length, region->host.size() - offset);
    pieces.push_back(region->host.subspan(offset, here));
    length -= here;
    start += here;  // cannot wrap: the region's end does not (see the constructor)
  }
  return true;
}

}  // namespace virtcrypt::virtio
