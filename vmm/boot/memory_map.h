// What the boot protocols share: the memory map that a guest is told, and placing files in low RAM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::vmm::boot {

// Types as in the PC's "query system address map" call; Linux's zero page and PVH use the same numbers.
enum class MemoryType : std::uint32_t { kRam = 1, kReserved = 2 };

struct MemoryMapEntry {
  std::uint64_t base;
  std::uint64_t size;
  MemoryType type;
  friend bool operator==(const MemoryMapEntry&, const MemoryMapEntry&) = default;
};

// The map of a machine with this RAM, sorted. Throws HostError when RAM does not start at 0 and reach beyond
// 1 MiB.
[[nodiscard]] std::vector<MemoryMapEntry> memory_map(const virtio::GuestMemory& memory);

// The end of the RAM that starts at address 0, below the PCI hole. Throws like memory_map().
[[nodiscard]] std::uint64_t low_ram_end(const virtio::GuestMemory& memory);

// Guest RAM [address, address + length), or HostError saying that the machine has too little memory.
[[nodiscard]] std::span<std::byte> ram(const virtio::GuestMemory& memory, std::uint64_t address,
                                       std::uint64_t length);

// Copies `data` to `address`.
void write_ram(const virtio::GuestMemory& memory, std::uint64_t address, std::span<const std::byte> data);

template <typename Value>
void write_value(const virtio::GuestMemory& memory, std::uint64_t address, const Value& value) {
  write_ram(memory, address, std::as_bytes(std::span(&value, 1)));
}

// Where a kernel ended up, and where its initrd may be.
struct InitrdRoom {
  std::uint64_t lowest;   // end of the memory that the kernel needs
  std::uint64_t highest;  // last address that the kernel allows
};

struct Initrd {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

// Loads the initrd as high in low RAM as fits, page-aligned. No path: {0, 0}. Throws HostError when it cannot
// be read or does not fit, with the memory that would be enough.
[[nodiscard]] Initrd load_initrd(const std::optional<std::filesystem::path>& path, const InitrdRoom& room,
                                 const virtio::GuestMemory& memory);

// Writes the NUL-terminated command line; `limit` is the kernel's own, without the NUL. Throws HostError when
// it is too long, or holds a NUL.
void write_command_line(const std::string& command_line, std::uint64_t limit,
                        const virtio::GuestMemory& memory);

// Rounded up to whole MiB, as users give --memory.
[[nodiscard]] std::uint64_t in_mib(std::uint64_t bytes);

}  // namespace virtcrypt::vmm::boot
