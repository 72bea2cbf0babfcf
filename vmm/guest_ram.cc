#include "virtcrypt/vmm/guest_ram.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/mman.h>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm {
namespace {

virtio::GuestMemory place(std::span<std::byte> host) {
  std::vector<virtio::MemoryRegion> regions;
  std::size_t used = 0;
  for (const RamBlock& block : ram_blocks(host.size())) {
    regions.push_back({virtio::GuestAddress{block.base}, host.subspan(used, block.size)});
    used += block.size;
  }
  return virtio::GuestMemory(std::move(regions));
}

}  // namespace

std::vector<RamBlock> ram_blocks(std::uint64_t bytes) {
  const std::uint64_t low = std::min(bytes, layout::kLowRamLimit);
  std::vector<RamBlock> blocks{{0, low}};
  if (bytes > low) blocks.push_back({layout::kHighRamBase, bytes - low});
  return blocks;
}

GuestRam::Mapping::Mapping(std::uint64_t bytes) {
  void* area =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) {
    throw HostError(fmt::format("cannot reserve {} MiB of guest memory: {}; ask for less with --memory",
                                bytes / layout::kMiB, std::generic_category().message(errno)));
  }
  // Advice only: a kernel without one of these still works.
  (void)::madvise(area, bytes, MADV_DONTDUMP);
  (void)::madvise(area, bytes, MADV_HUGEPAGE);
  bytes_ = {static_cast<std::byte*>(area), bytes};
}

GuestRam::Mapping::~Mapping() {
  ::munmap(bytes_.data(), bytes_.size());
}

GuestRam::GuestRam(std::uint64_t bytes) : mapping_(bytes), memory_(place(mapping_.bytes())) {}

void GuestRam::add_slots(KvmVm& vm) const {
  std::uint32_t slot = 0;
  for (const virtio::MemoryRegion& region : memory_.regions()) {
    vm.set_memory_slot(slot++, virtio::to_integer(region.base), region.host);
  }
}

}  // namespace virtcrypt::vmm
