#include "rfc_v2/pinned_page.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rfc_v2/sysfs_function.h"

namespace virtcrypt::guest {
namespace {

const char* const kHugePages = "/proc/sys/vm/nr_hugepages";

std::uint64_t physical_address(const void* memory) {
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const test::FileDescriptor pagemap = open_file("/proc/self/pagemap", O_RDONLY);
  std::uint64_t entry = 0;
  const auto offset = static_cast<off_t>(address / page_bytes * sizeof entry);
  if (::pread(pagemap.get(), &entry, sizeof entry, offset) != sizeof entry)
    throw std::system_error(errno, std::generic_category(), "/proc/self/pagemap");
  constexpr std::uint64_t kPresent = std::uint64_t{1} << 63, kFrame = (std::uint64_t{1} << 55) - 1;
  if ((entry & kPresent) == 0 || (entry & kFrame) == 0)
    throw std::runtime_error("/proc/self/pagemap hides physical addresses: root is needed");
  return (entry & kFrame) * page_bytes;
}

}  // namespace

void reserve_huge_pages(unsigned count) {
  write_file(kHugePages, std::to_string(count));
  unsigned reserved = 0;
  std::ifstream(kHugePages) >> reserved;
  if (reserved < count)
    throw std::runtime_error("the kernel has memory for " + std::to_string(reserved) + " huge pages only");
}

PinnedPage::PinnedPage() {
  void* const memory = ::mmap(nullptr, kHugePageBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE | MAP_LOCKED, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "a huge page");
  std::memset(memory, 0, kHugePageBytes);
  buffer_ = {physical_address(memory), {static_cast<std::byte*>(memory), kHugePageBytes}};
}

PinnedPage::~PinnedPage() {
  ::munmap(buffer_.bytes.data(), buffer_.bytes.size());
}

}  // namespace virtcrypt::guest
