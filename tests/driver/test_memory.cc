#include "tests/driver/test_memory.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

namespace virtcrypt::test {
namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

void TestMemory::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

TestMemory::TestMemory(const std::vector<Region>& regions) {
  std::vector<virtio::MemoryRegion> mapped;
  for (const Region& region : regions) {
    // Pages as a machine's RAM has them, each region an allocation of its own, so that AddressSanitizer sees
    // its ends.
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(kPage, region.bytes));
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, region.bytes);
    storage_.emplace_back(memory);
    mapped.push_back({virtio::GuestAddress{region.base}, std::span(memory, region.bytes)});
  }
  use({regions.front().base, mapped.front().host});
  memory_ = std::make_unique<virtio::GuestMemory>(std::move(mapped));
}

std::span<std::byte> TestMemory::at(std::uint64_t address, std::size_t bytes) {
  const auto range = memory_->range(virtio::GuestAddress{address}, bytes);
  if (!range) throw std::out_of_range("test accesses guest memory outside RAM");
  return *range;
}

}  // namespace virtcrypt::test
