#include "virtcrypt/vmm/boot/bzimage.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <asm/bootparam.h>
#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/boot/memory_map.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::boot {

namespace {

constexpr std::uint64_t kHeaderOffset = offsetof(boot_params, hdr);
constexpr std::uint64_t kMagicOffset = kHeaderOffset + offsetof(setup_header, header);
constexpr std::uint32_t kMagic = 0x5372'6448;  // "HdrS"
constexpr std::uint16_t kBootFlag = 0xAA55;
constexpr std::uint16_t kVersionWithXloadflags = 0x020C;
constexpr std::uint64_t kSector = 512;
constexpr std::uint8_t kDefaultSetupSectors = 4;  // what 0 means, for the sake of very old kernels
constexpr std::uint64_t kEntry64Offset = 0x200;   // 64-bit entry point, from the load address
constexpr std::uint8_t kUndefinedLoader = 0xFF;
constexpr std::uint16_t kNormalVideoMode = 0xFFFF;
constexpr std::uint64_t kPage = 4 * layout::kKiB;

static_assert(sizeof(boot_params) == 4096);
static_assert(kMagicOffset == 0x202);

setup_header read_header(const ImageFile& kernel) {
  const auto header = kernel.read_value<setup_header>(kHeaderOffset);
  if (!header) throw kernel.error("ends inside its setup header; build or download it again");
  if (header->boot_flag != kBootFlag) throw kernel.error("is not a Linux kernel: its boot sector is damaged");
  if (header->version < kVersionWithXloadflags) {
    throw kernel.error(fmt::format("is too old: boot protocol {}.{:02}, and 2.12 (Linux 3.8) is needed",
                                   header->version >> 8, header->version & 0xFF));
  }
  if ((header->xloadflags & XLF_KERNEL_64) == 0) {
    throw kernel.error("is a 32-bit kernel; use one for x86-64");
  }
  if ((header->loadflags & LOADED_HIGH) == 0)
    throw kernel.error("is a zImage, not a bzImage; rebuild it as bzImage");
  return *header;
}

// The part of the file that is copied to the load address.
struct Payload {
  std::uint64_t offset;
  std::uint64_t size;
};

Payload find_payload(const ImageFile& kernel, const setup_header& header) {
  const std::uint64_t sectors = header.setup_sects == 0 ? kDefaultSetupSectors : header.setup_sects;
  const std::uint64_t offset = (sectors + 1) * kSector;
  const std::uint64_t announced = std::uint64_t{header.syssize} * 16;
  if (offset >= kernel.size())
    throw kernel.error("ends before its protected-mode part; build or download it again");
  const std::uint64_t present = kernel.size() - offset;
  // syssize counts paragraphs of 16 bytes, the last of which need not be full.
  if (announced > present + 15) {
    throw kernel.error(fmt::format("is truncated: {} bytes of {}; build or download it again", kernel.size(),
                                   offset + announced));
  }
  const std::uint64_t size = std::min(announced, present);
  if (size <= kEntry64Offset)
    throw kernel.error("has no code behind its setup header; build or download it again");
  return {offset, size};
}

// The kernel unpacks itself at its preferred address or above (a lower load address is raised to it), so that
// is where it is put; init_size bytes from there on are its own before it has read the memory map.
std::uint64_t end_of_kernel(const ImageFile& kernel, const setup_header& header, const Payload& payload,
                            const virtio::GuestMemory& memory) {
  const std::uint64_t base = header.pref_address;
  if (base < layout::kHighMemory || base >= layout::kLowRamLimit || base % kPage != 0) {
    throw kernel.error(fmt::format("wants to be loaded at {:#x}, which is no place for a kernel", base));
  }
  const std::uint64_t alignment = header.kernel_alignment;
  if (header.relocatable_kernel != 0 &&
      (alignment == 0 || (alignment & (alignment - 1)) != 0 || base % alignment)) {
    throw kernel.error("contradicts itself: the preferred address is not aligned as its header demands");
  }
  const std::uint64_t end = base + std::max<std::uint64_t>(header.init_size, payload.size);
  const std::uint64_t available = low_ram_end(memory);
  if (end > available) {
    throw kernel.error(
        fmt::format("too little memory: it needs at least {} MiB and the guest has {} MiB; "
                    "give a larger --memory",
                    in_mib(end), available / layout::kMiB));
  }
  return end;
}

void fill_memory_map(boot_params& params, const virtio::GuestMemory& memory) {
  // A machine has a handful of regions, the table 128 places; GuestMemory is built by us.
  std::size_t count = 0;
  for (const auto& entry : memory_map(memory)) {
    if (count == E820_MAX_ENTRIES_ZEROPAGE) break;
    auto& place = params.e820_table[count++];
    place.addr = entry.base;
    place.size = entry.size;
    place.type = static_cast<std::uint32_t>(entry.type);
  }
  params.e820_entries = static_cast<std::uint8_t>(count);
}

// Only the header as long as the file says it is: what follows is code that overlaps the zero page's later
// fields.
setup_header trimmed_header(const ImageFile& kernel, const setup_header& header) {
  const std::uint8_t jump_distance = static_cast<std::uint8_t>(header.jump >> 8);
  const std::uint64_t length = kMagicOffset + jump_distance - kHeaderOffset;
  constexpr std::uint64_t kUsed = offsetof(setup_header, init_size) + sizeof(header.init_size);
  if (length < kUsed) throw kernel.error("has a setup header shorter than its boot protocol demands");
  setup_header result{};
  std::memcpy(&result, &header, std::min<std::uint64_t>(length, sizeof result));
  return result;
}

}  // namespace

bool has_setup_header(const ImageFile& kernel) {
  return kernel.read_value<std::uint32_t>(kMagicOffset) == kMagic;
}

BootState load_bzimage(const ImageFile& kernel, const BootRequest& request,
                       const virtio::GuestMemory& memory) {
  const setup_header header = read_header(kernel);
  const Payload payload = find_payload(kernel, header);
  const std::uint64_t base = header.pref_address;
  const std::uint64_t end = end_of_kernel(kernel, header, payload, memory);

  boot_params params{};
  params.hdr = trimmed_header(kernel, header);
  write_command_line(request.command_line, header.cmdline_size, memory);
  kernel.read(payload.offset, ram(memory, base, payload.size));
  const Initrd initrd = load_initrd(request.initrd, {end, header.initrd_addr_max}, memory);

  params.hdr.type_of_loader = kUndefinedLoader;
  params.hdr.vid_mode = kNormalVideoMode;
  params.hdr.setup_data = 0;
  params.hdr.cmd_line_ptr = static_cast<std::uint32_t>(layout::kCommandLine);
  params.hdr.ramdisk_image = static_cast<std::uint32_t>(initrd.address);
  params.hdr.ramdisk_size = static_cast<std::uint32_t>(initrd.size);
  params.ext_ramdisk_image = static_cast<std::uint32_t>(initrd.address >> 32);
  params.ext_ramdisk_size = static_cast<std::uint32_t>(initrd.size >> 32);
  params.acpi_rsdp_addr = virtio::to_integer(request.rsdp);
  fill_memory_map(params, memory);
  write_value(memory, layout::kBootParams, params);
  return {BootState::Mode::kLong64, base + kEntry64Offset, layout::kBootParams};
}

}  // namespace virtcrypt::vmm::boot
