#include "virtcrypt/vmm/boot/pvh.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <elf.h>
#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/boot/memory_map.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::boot {

namespace {

// Numbers of Xen's public ABI (elfnote.h, arch-x86/hvm/start_info.h).
constexpr std::uint32_t kNotePhys32Entry = 18;
constexpr std::string_view kXenOwner{"Xen\0", 4};
constexpr std::string_view kLinuxOwner{"Linux\0", 6};  // every Linux since 4.19 carries a note of its own
constexpr std::uint32_t kStartInfoMagic = 0x336E'C578;
constexpr std::uint32_t kStartInfoVersion = 1;  // 1: with a memory map

// Bounds for what is read before anything is known about the file. Linux has about 5 program headers and a
// few hundred bytes of notes.
constexpr std::uint64_t kMaxProgramHeaders = 128;
constexpr std::uint64_t kMaxNoteBytes = layout::kMiB;

struct StartInfo {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t flags;
  std::uint32_t module_count;
  std::uint64_t module_list;
  std::uint64_t command_line;
  std::uint64_t rsdp;
  std::uint64_t memory_map;
  std::uint32_t memory_map_entries;
  std::uint32_t reserved;
};
static_assert(sizeof(StartInfo) == 56);

struct Module {
  std::uint64_t address;
  std::uint64_t size;
  std::uint64_t command_line;
  std::uint64_t reserved;
};
static_assert(sizeof(Module) == 32);

struct MapEntry {
  std::uint64_t base;
  std::uint64_t size;
  std::uint32_t type;
  std::uint32_t reserved;
};
static_assert(sizeof(MapEntry) == 24);

// Start info, module and map share the page between kBootParams and the stack.
constexpr std::uint64_t kModuleAddress = layout::kBootParams + 0x80;
constexpr std::uint64_t kMapAddress = layout::kBootParams + 0x100;
constexpr std::size_t kMaxMapEntries = 64;
static_assert(kMapAddress + kMaxMapEntries * sizeof(MapEntry) <= layout::kBootStackTop - layout::kKiB);

struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
};
struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
};

// A program header of either class.
struct Segment {
  std::uint32_t type;
  std::uint64_t offset;
  std::uint64_t address;
  std::uint64_t file_size;
  std::uint64_t memory_size;
  std::uint64_t alignment;
};

const char* machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_AARCH64:
      return "64-bit ARM";
    case EM_ARM:
      return "ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "64-bit PowerPC";
    case EM_S390:
      return "S/390";
    case EM_LOONGARCH:
      return "LoongArch";
    case EM_MIPS:
      return "MIPS";
    default:
      return nullptr;
  }
}

void check_machine(const ImageFile& kernel, std::uint16_t machine) {
  if (machine == EM_X86_64 || machine == EM_386) return;
  const char* name = machine_name(machine);
  throw kernel.error(
      name != nullptr
          ? fmt::format("is for {}; use a kernel for x86-64", name)
          : fmt::format("is for another processor (ELF machine {}); use a kernel for x86-64", machine));
}

template <typename Elf>
std::vector<Segment> read_segments(const ImageFile& kernel) {
  const auto header = kernel.read_value<typename Elf::Header>(0);
  if (!header) throw kernel.error("ends inside its ELF header; build or download it again");
  check_machine(kernel, header->e_machine);
  if (header->e_phnum == 0 || header->e_phoff == 0) {
    throw kernel.error("is an ELF file without program headers (an object file?); link it first");
  }
  if (header->e_phentsize != sizeof(typename Elf::Segment) || header->e_phnum > kMaxProgramHeaders) {
    throw kernel.error("has damaged ELF program headers; build or download it again");
  }
  std::vector<Segment> segments;
  std::uint64_t offset = header->e_phoff;
  for (unsigned i = 0; i < header->e_phnum; ++i, offset += sizeof(typename Elf::Segment)) {
    const auto raw = kernel.read_value<typename Elf::Segment>(offset);
    if (!raw) throw kernel.error("ends inside its ELF program headers; build or download it again");
    segments.push_back({raw->p_type, raw->p_offset, raw->p_paddr, raw->p_filesz, raw->p_memsz, raw->p_align});
  }
  return segments;
}

std::vector<Segment> read_program_headers(const ImageFile& kernel) {
  const auto ident = kernel.read_value<std::array<unsigned char, EI_NIDENT>>(0);
  if (!ident) throw kernel.error("ends inside its ELF header; build or download it again");
  if ((*ident)[EI_DATA] != ELFDATA2LSB)
    throw kernel.error("is for a big-endian processor; use a kernel for x86-64");
  switch ((*ident)[EI_CLASS]) {
    case ELFCLASS32:
      return read_segments<Elf32>(kernel);
    case ELFCLASS64:
      return read_segments<Elf64>(kernel);
    default:
      throw kernel.error("has a damaged ELF header; build or download it again");
  }
}

std::uint32_t read_u32(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

struct Note {
  std::uint32_t type;
  std::string_view owner;  // with its NUL
  std::span<const std::byte> value;
};

// Calls `visit` with each whole note until one answers true. Lengths are 32 bits wide and the sums 64:
// nothing wraps.
template <typename Visitor>
bool any_note(std::span<const std::byte> notes, std::uint64_t alignment, Visitor visit) {
  const auto aligned = [alignment](std::uint64_t value) {
    return (value + alignment - 1) / alignment * alignment;
  };
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    const std::uint64_t name_bytes = read_u32(notes);
    const std::uint64_t value_bytes = read_u32(notes.subspan(4));
    const std::uint64_t value_at = aligned(sizeof(Elf64_Nhdr) + name_bytes);
    if (value_at + value_bytes > notes.size()) return false;
    const auto name = notes.subspan(sizeof(Elf64_Nhdr), static_cast<std::size_t>(name_bytes));
    if (visit(
            Note{read_u32(notes.subspan(8)),
                 {reinterpret_cast<const char*>(name.data()), name.size()},
                 notes.subspan(static_cast<std::size_t>(value_at), static_cast<std::size_t>(value_bytes))})) {
      return true;
    }
    const std::uint64_t next = std::min<std::uint64_t>(aligned(value_at + value_bytes), notes.size());
    notes = notes.subspan(static_cast<std::size_t>(next));
  }
  return false;
}

// The same over all note segments of the file.
template <typename Visitor>
bool any_note(const ImageFile& kernel, const std::vector<Segment>& segments, Visitor visit) {
  for (const Segment& segment : segments) {
    if (segment.type != PT_NOTE) continue;
    if (segment.file_size > kMaxNoteBytes || !kernel.contains(segment.offset, segment.file_size)) {
      throw kernel.error("has a damaged ELF note segment; build or download it again");
    }
    std::vector<std::byte> notes(static_cast<std::size_t>(segment.file_size));
    kernel.read(segment.offset, notes);
    if (any_note(std::span<const std::byte>(notes), segment.alignment == 8 ? 8 : 4, visit)) return true;
  }
  return false;
}

std::uint64_t entry_point(const ImageFile& kernel, const std::vector<Segment>& segments) {
  std::uint64_t entry = 0;
  const bool found = any_note(kernel, segments, [&entry](const Note& note) {
    if (note.type != kNotePhys32Entry || note.owner != kXenOwner || note.value.size() < 4) return false;
    entry = read_u32(note.value);
    // The entry is a 32-bit physical address; Linux stores it in the width of a pointer.
    return note.value.size() < 8 || read_u32(note.value.subspan(4)) == 0;
  });
  if (found) return entry;
  throw kernel.error(
      "has no PVH entry (no XEN_ELFNOTE_PHYS32_ENTRY note); use the bzImage, or build with CONFIG_PVH");
}

// Loads what is to be loaded and returns the end of the memory it takes.
std::uint64_t load_segments(const ImageFile& kernel, const std::vector<Segment>& segments,
                            const virtio::GuestMemory& memory) {
  const std::uint64_t available = low_ram_end(memory);
  std::uint64_t end = 0;
  for (const Segment& segment : segments) {
    if (segment.type != PT_LOAD || segment.memory_size == 0) continue;
    if (segment.file_size > segment.memory_size || !kernel.contains(segment.offset, segment.file_size)) {
      throw kernel.error(
          "is truncated or damaged: a segment reaches beyond the file; build or download it again");
    }
    if (segment.address < layout::kHighMemory || segment.address >= layout::kLowRamLimit ||
        segment.memory_size > layout::kLowRamLimit) {
      throw kernel.error(fmt::format("wants to be loaded at {:#x}; kernels belong between 1 MiB and 3 GiB",
                                     segment.address));
    }
    const std::uint64_t segment_end = segment.address + segment.memory_size;
    if (segment_end > available) {
      throw kernel.error(
          fmt::format("too little memory: it needs at least {} MiB and the guest has {} MiB; "
                      "give a larger --memory",
                      in_mib(segment_end), available / layout::kMiB));
    }
    const auto place = ram(memory, segment.address, segment.memory_size);
    kernel.read(segment.offset, place.first(static_cast<std::size_t>(segment.file_size)));
    std::fill(place.begin() + static_cast<std::ptrdiff_t>(segment.file_size), place.end(), std::byte{0});
    end = std::max(end, segment_end);
  }
  if (end == 0) throw kernel.error("has nothing to load: no PT_LOAD segment");
  return end;
}

void check_entry(const ImageFile& kernel, const std::vector<Segment>& segments, std::uint64_t entry) {
  const bool inside = std::any_of(segments.begin(), segments.end(), [entry](const Segment& segment) {
    return segment.type == PT_LOAD && entry >= segment.address && entry - segment.address < segment.file_size;
  });
  if (!inside)
    throw kernel.error(fmt::format("has its PVH entry {:#x} outside of every loaded segment", entry));
}

void write_start_info(const BootRequest& request, const Initrd& initrd, const virtio::GuestMemory& memory) {
  std::uint64_t address = kMapAddress;
  std::uint32_t entries = 0;
  for (const auto& entry : memory_map(memory)) {
    if (entries == kMaxMapEntries) break;
    write_value(memory, address, MapEntry{entry.base, entry.size, static_cast<std::uint32_t>(entry.type), 0});
    address += sizeof(MapEntry);
    ++entries;
  }
  const bool has_module = initrd.size != 0;
  if (has_module) write_value(memory, kModuleAddress, Module{initrd.address, initrd.size, 0, 0});
  write_value(memory, layout::kBootParams,
              StartInfo{.magic = kStartInfoMagic,
                        .version = kStartInfoVersion,
                        .flags = 0,
                        .module_count = has_module ? 1U : 0U,
                        .module_list = has_module ? kModuleAddress : 0,
                        .command_line = layout::kCommandLine,
                        .rsdp = virtio::to_integer(request.rsdp),
                        .memory_map = kMapAddress,
                        .memory_map_entries = entries,
                        .reserved = 0});
}

}  // namespace

bool is_elf(const ImageFile& kernel) {
  const auto magic = kernel.read_value<std::array<char, SELFMAG>>(0);
  return magic && std::memcmp(magic->data(), ELFMAG, SELFMAG) == 0;
}

bool is_linux_elf(const ImageFile& kernel) {
  return any_note(kernel, read_program_headers(kernel),
                  [](const Note& note) { return note.owner == kLinuxOwner; });
}

BootState load_pvh(const ImageFile& kernel, const BootRequest& request, const virtio::GuestMemory& memory) {
  const std::vector<Segment> segments = read_program_headers(kernel);
  const std::uint64_t entry = entry_point(kernel, segments);
  check_entry(kernel, segments, entry);
  write_command_line(request.command_line, layout::kCommandLineMax - 1, memory);
  const std::uint64_t end = load_segments(kernel, segments, memory);
  const Initrd initrd = load_initrd(request.initrd, {end, layout::kLowRamLimit - 1}, memory);
  write_start_info(request, initrd, memory);
  return {BootState::Mode::kProtected32, entry, layout::kBootParams};
}

}  // namespace virtcrypt::vmm::boot
