#include "virtcrypt/virtio/vhost_user/memory_table.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace virtcrypt::virtio::vhost_user {
namespace {

using Refused = Unexpected<std::string>;

// Of hugetlbfs the size of its pages. Other file systems may have a block size that is no power of two.
std::uint64_t block_bytes(const struct stat& file) {
  const auto bytes = static_cast<std::uint64_t>(file.st_blksize);
  constexpr std::uint64_t kLargestPage = std::uint64_t{1} << 30U;
  return std::has_single_bit(bytes) && bytes <= kLargestPage ? bytes : 1;
}

bool is_same(const MemoryRegionDescription& a, const MemoryRegionDescription& b) {
  return a.guest_address == b.guest_address && a.user_address == b.user_address && a.size == b.size;
}

}  // namespace

Expected<SharedMapping, std::string> SharedMapping::map(int fd, std::uint64_t offset, std::uint64_t bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 47U;  // no process has more
  if (bytes == 0 || bytes > kMost || offset > kMost) return Refused("a size or an offset that no file has");
  struct stat file {};
  if (::fstat(fd, &file) != 0) return Refused(std::generic_category().message(errno));
  // Huge pages are mapped and unmapped as a whole.
  const auto page = std::max(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)), block_bytes(file));
  const std::uint64_t front = offset % page;
  const std::uint64_t whole = (front + bytes + page - 1) / page * page;
  // What lies behind a file's end cannot be touched.
  if (S_ISREG(file.st_mode) && static_cast<std::uint64_t>(file.st_size) < offset + bytes)
    return Refused("the file ends before the memory does");
  void* const mapped = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
                              static_cast<off_t>(offset - front));
  if (mapped == MAP_FAILED) return Refused("mmap: " + std::generic_category().message(errno));
  ::madvise(mapped, whole, MADV_DONTDUMP);
  return SharedMapping({static_cast<std::byte*>(mapped), whole}, front, bytes);
}

SharedMapping::SharedMapping(SharedMapping&& other) noexcept
    : whole_(std::exchange(other.whole_, {})),
      front_(std::exchange(other.front_, 0)),
      bytes_(std::exchange(other.bytes_, 0)) {}

SharedMapping& SharedMapping::operator=(SharedMapping&& other) noexcept {
  std::swap(whole_, other.whole_);
  std::swap(front_, other.front_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

SharedMapping::~SharedMapping() {
  if (!whole_.empty()) ::munmap(whole_.data(), whole_.size());
}

Expected<void, std::string> MemoryTable::add(const MemoryRegionDescription& region, int fd) {
  if (regions_.size() == kMaxRegions) return Refused("more memory regions than there are slots");
  if (region.user_address + (region.size - 1) < region.user_address)
    return Refused("a memory region wraps around the end of the address space");
  auto mapping = SharedMapping::map(fd, region.mmap_offset, region.size);
  if (!mapping) return Refused("a memory region cannot be mapped: " + mapping.error());
  regions_.push_back({region, std::move(*mapping)});
  try {
    memory_ = memory_of_regions();
  } catch (const std::invalid_argument& error) {
    regions_.pop_back();
    return Refused(std::string("a memory region is no good: ") + error.what());
  }
  return {};
}

bool MemoryTable::remove(const MemoryRegionDescription& region) {
  const auto found = std::find_if(regions_.begin(), regions_.end(),
                                  [&](const Region& each) { return is_same(each.description, region); });
  if (found == regions_.end()) return false;
  regions_.erase(found);
  memory_ = memory_of_regions();
  return true;
}

void MemoryTable::clear() {
  memory_.reset();
  regions_.clear();
}

std::unique_ptr<const GuestMemory> MemoryTable::memory_of_regions() const {
  if (regions_.empty()) return nullptr;
  std::vector<MemoryRegion> list;
  for (const Region& each : regions_)
    list.push_back({GuestAddress{each.description.guest_address}, each.mapping.bytes()});
  return std::make_unique<const GuestMemory>(std::move(list));
}

std::optional<GuestAddress> MemoryTable::guest_address(std::uint64_t user_address) const {
  for (const Region& each : regions_) {
    const std::uint64_t offset = user_address - each.description.user_address;
    if (offset < each.description.size) return GuestAddress{each.description.guest_address + offset};
  }
  return std::nullopt;
}

}  // namespace virtcrypt::virtio::vhost_user
