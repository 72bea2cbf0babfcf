#include "tests/driver/vhost_user/shared_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace virtcrypt::test {
namespace {

constexpr std::uint64_t kPage = 4096;

}  // namespace

virtio::FileDescriptor memory_file(std::size_t bytes) {
  virtio::FileDescriptor file(::memfd_create("guest-memory", MFD_CLOEXEC));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0)
    throw std::system_error(errno, std::generic_category(), "memfd");
  return file;
}

SharedMemory::SharedMemory(const std::vector<Wanted>& regions) {
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const std::uint64_t offset = kPage * i;
    virtio::FileDescriptor file = memory_file(offset + regions[i].bytes);
    void* const mapped = ::mmap(nullptr, regions[i].bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(),
                                static_cast<off_t>(offset));
    if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    regions_.push_back({regions[i].guest_address, regions[i].bytes, reinterpret_cast<std::uintptr_t>(mapped),
                        offset, file.get()});
    files_.push_back(std::move(file));
  }
  use({regions.front().guest_address, at(regions.front().guest_address, regions.front().bytes)});
}

SharedMemory::~SharedMemory() {
  for (const Region& each : regions_)
    ::munmap(reinterpret_cast<void*>(each.user_address), each.bytes);
}

std::uint64_t SharedMemory::user_address(std::uint64_t guest_address) const {
  for (const Region& each : regions_) {
    const std::uint64_t offset = guest_address - each.guest_address;
    if (offset < each.bytes) return each.user_address + offset;
  }
  throw std::out_of_range("no memory is shared at this address");
}

std::span<std::byte> SharedMemory::at(std::uint64_t address, std::size_t bytes) {
  const auto found = std::find_if(regions_.begin(), regions_.end(), [&](const Region& each) {
    const std::uint64_t offset = address - each.guest_address;
    return offset < each.bytes && bytes <= each.bytes - offset;
  });
  if (found == regions_.end()) throw std::out_of_range("test accesses memory that it does not share");
  return {reinterpret_cast<std::byte*>(found->user_address + (address - found->guest_address)), bytes};
}

}  // namespace virtcrypt::test
