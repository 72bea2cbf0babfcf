#include "tests/fuzz/memory_guard.h"

#include <algorithm>
#include <cstring>

namespace virtcrypt::fuzz {

MemoryGuard::MemoryGuard(const virtio::GuestMemory& memory) : memory_(memory) {
  for (const virtio::MemoryRegion& region : memory.regions())
    copies_.emplace_back(region.host.size());
}

void MemoryGuard::remember() {
  allowed_.clear();
  for (std::size_t i = 0; i < copies_.size(); ++i)
    std::memcpy(copies_[i].data(), memory_.regions()[i].host.data(), copies_[i].size());
}

void MemoryGuard::allow(std::uint64_t address, std::uint64_t bytes) {
  allowed_.push_back({address, bytes});
}

std::optional<std::uint64_t> MemoryGuard::first_change() {
  for (std::size_t i = 0; i < copies_.size(); ++i) {
    const virtio::MemoryRegion& region = memory_.regions()[i];
    const std::uint64_t base = to_integer(region.base);
    test::Bytes& copy = copies_[i];
    for (const Range& range : allowed_) {
      if (range.address < base || range.address - base >= copy.size()) continue;
      const std::uint64_t offset = range.address - base;
      const std::size_t count = std::min<std::uint64_t>(range.bytes, copy.size() - offset);
      std::memcpy(copy.data() + offset, region.host.data() + offset, count);
    }
    if (std::memcmp(copy.data(), region.host.data(), copy.size()) == 0) continue;
    const auto at = std::mismatch(copy.begin(), copy.end(), region.host.begin()).first;
    return base + static_cast<std::uint64_t>(at - copy.begin());
  }
  return std::nullopt;
}

}  // namespace virtcrypt::fuzz
