#include "virtcrypt/vmm/boot/memory_map.h"

#include <algorithm>
#include <cstring>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/boot/image_file.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::boot {

namespace {

constexpr std::uint64_t kPage = 4 * layout::kKiB;

HostError too_little(std::uint64_t needed, std::uint64_t available) {
  return HostError(
      fmt::format("too little memory: the guest needs at least {} MiB below the PCI hole and has {} MiB; "
                  "give a larger --memory",
                  in_mib(needed), available / layout::kMiB));
}

}  // namespace

std::uint64_t in_mib(std::uint64_t bytes) {
  return bytes / layout::kMiB + (bytes % layout::kMiB == 0 ? 0 : 1);
}

std::uint64_t low_ram_end(const virtio::GuestMemory& memory) {
  std::uint64_t end = 0;
  for (const auto& region : memory.regions()) {
    if (virtio::to_integer(region.base) != end) break;
    end += region.host.size();
  }
  if (end <= layout::kHighMemory) throw too_little(layout::kHighMemory + layout::kMiB, end);
  return end;
}

std::vector<MemoryMapEntry> memory_map(const virtio::GuestMemory& memory) {
  const std::uint64_t low_end = low_ram_end(memory);
  std::vector<MemoryMapEntry> map{
      {0, layout::kEbdaStart, MemoryType::kRam},
      {layout::kEbdaStart, layout::kHighMemory - layout::kEbdaStart, MemoryType::kReserved},
      {layout::kHighMemory, low_end - layout::kHighMemory, MemoryType::kRam},
      {layout::kEcamBase, layout::kEcamSize, MemoryType::kReserved},
      {layout::kIdentityMapPage, 4 * kPage, MemoryType::kReserved},
  };
  for (const auto& region : memory.regions()) {
    const std::uint64_t base = virtio::to_integer(region.base);
    if (base >= low_end) map.push_back({base, region.host.size(), MemoryType::kRam});
  }
  std::sort(map.begin(), map.end(), [](const auto& a, const auto& b) { return a.base < b.base; });
  return map;
}

std::span<std::byte> ram(const virtio::GuestMemory& memory, std::uint64_t address, std::uint64_t length) {
  if (const auto found = memory.range(virtio::GuestAddress{address}, length)) return *found;
  const std::uint64_t available = low_ram_end(memory);
  throw too_little(address > UINT64_MAX - length ? UINT64_MAX : address + length, available);
}

void write_ram(const virtio::GuestMemory& memory, std::uint64_t address, std::span<const std::byte> data) {
  if (data.empty()) return;
  std::memcpy(ram(memory, address, data.size()).data(), data.data(), data.size());
}

Initrd load_initrd(const std::optional<std::filesystem::path>& path, const InitrdRoom& room,
                   const virtio::GuestMemory& memory) {
  if (!path) return {};
  const ImageFile file("initrd", *path);
  const std::uint64_t low_end = low_ram_end(memory);
  const std::uint64_t ceiling = room.highest < low_end ? room.highest + 1 : low_end;
  const std::uint64_t floor = (room.lowest + kPage - 1) / kPage * kPage;
  const std::uint64_t padded = (file.size() + kPage - 1) / kPage * kPage;
  if (ceiling < floor || padded > (ceiling - floor) / kPage * kPage) {
    if (low_end > ceiling || floor + padded > layout::kLowRamLimit) {
      throw file.error(
          fmt::format("too large: {} MiB do not fit between the kernel and {:#x}, the highest address "
                      "for an initrd; use a smaller one",
                      in_mib(file.size()), std::min(room.highest, layout::kLowRamLimit - 1)));
    }
    throw file.error(
        fmt::format("too little memory: kernel and initrd need at least {} MiB and the guest has {} MiB; "
                    "give a larger --memory",
                    in_mib(floor + padded), low_end / layout::kMiB));
  }
  const std::uint64_t address = (ceiling - padded) / kPage * kPage;
  file.read(0, ram(memory, address, file.size()));
  return {address, file.size()};
}

void write_command_line(const std::string& command_line, std::uint64_t limit,
                        const virtio::GuestMemory& memory) {
  const std::uint64_t allowed = std::min(limit, layout::kCommandLineMax - 1);
  if (command_line.size() > allowed) {
    throw HostError(
        fmt::format("kernel command line too long: {} bytes, and this kernel takes {}; shorten --append",
                    command_line.size(), allowed));
  }
  if (command_line.find('\0') != std::string::npos) {
    throw HostError("kernel command line holds a NUL byte; remove it from --append");
  }
  write_ram(memory, layout::kCommandLine,
            std::as_bytes(std::span(command_line.c_str(), command_line.size() + 1)));
}

}  // namespace virtcrypt::vmm::boot
