#include "tests/unit/vmm/boot/boot_fixture.h"

namespace virtcrypt::vmm::boot {

namespace {

constexpr std::size_t kNoteAt = 0x200;
constexpr std::size_t kCodeAt = 0x300;
constexpr std::size_t kNoteSegment = 64 + 56;  // second program header

void put_note(Bytes& file, std::size_t offset, const std::string& owner, std::uint32_t type,
              std::uint64_t value) {
  put(file, offset, owner.size() + 1, 4);
  put(file, offset + 4, 8, 4);
  put(file, offset + 8, type, 4);
  std::memcpy(file.data() + offset + 12, owner.c_str(), owner.size() + 1);
  put(file, offset + 12 + (owner.size() + 1 + 3) / 4 * 4, value, 8);
}

// An ELF64 for x86-64 (System V gABI) with one load segment at 2 MiB (256 bytes of file, 4 KiB of memory) and
// a note segment whose second note is the PVH entry.
Bytes elf64() {
  Bytes file(0x400);
  put(file, 0, 0x464C457F, 4);
  put(file, 4, 2, 1);  // 64-bit
  put(file, 5, 1, 1);  // little-endian
  put(file, 6, 1, 1);
  put(file, 16, 2, 2);   // executable
  put(file, 18, 62, 2);  // x86-64
  put(file, 20, 1, 4);
  put(file, 32, 64, 8);  // program headers
  put(file, 54, 56, 2);
  put(file, 56, 2, 2);
  put(file, 64, 1, 4);  // PT_LOAD
  put(file, 64 + 8, kCodeAt, 8);
  put(file, 64 + 24, 0x200000, 8);
  put(file, 64 + 32, 256, 8);
  put(file, 64 + 40, 4096, 8);
  put(file, kNoteSegment, 4, 4);  // PT_NOTE
  put(file, kNoteSegment + 8, kNoteAt, 8);
  put(file, kNoteSegment + 32, 52, 8);
  put(file, kNoteSegment + 48, 4, 8);
  put_note(file, kNoteAt, "Other", 18, 0xBAD);
  put_note(file, kNoteAt + 28, "Xen", 18, 0x200010);
  put(file, kCodeAt, kMarker, 8);
  return file;
}

// The same in ELF32 for i386, with a note of 4 bytes.
Bytes elf32() {
  Bytes file(0x400);
  put(file, 0, 0x464C457F, 4);
  put(file, 4, 1, 1);
  put(file, 5, 1, 1);
  put(file, 18, 3, 2);   // i386
  put(file, 28, 52, 4);  // program headers
  put(file, 42, 32, 2);
  put(file, 44, 2, 2);
  put(file, 52, 1, 4);  // PT_LOAD
  put(file, 52 + 4, kCodeAt, 4);
  put(file, 52 + 12, 0x200000, 4);
  put(file, 52 + 16, 256, 4);
  put(file, 52 + 20, 256, 4);
  put(file, 84, 4, 4);  // PT_NOTE
  put(file, 84 + 4, kNoteAt, 4);
  put(file, 84 + 16, 20, 4);
  put(file, kNoteAt, 4, 4);
  put(file, kNoteAt + 4, 4, 4);
  put(file, kNoteAt + 8, 18, 4);
  put(file, kNoteAt + 12, 0x006E6558, 4);  // "Xen"
  put(file, kNoteAt + 16, 0x200020, 4);
  put(file, kCodeAt, kMarker, 8);
  return file;
}

BootRequest request_for(const std::filesystem::path& kernel) {
  return {.kernel = kernel, .initrd = {}, .command_line = "one two", .rsdp = virtio::GuestAddress{0xE0000}};
}

}  // namespace

TEST_CASE("PVH: ELF64 is loaded and entered in 32-bit mode at its note's address", "[boot][pvh]") {
  const TemporaryFolder folder;
  const Ram ram(8 * kMebibyte);
  const BootState state = load(request_for(folder.file("k", elf64())), ram.memory());
  CHECK(state.mode == BootState::Mode::kProtected32);
  CHECK(state.entry == 0x200010);
  CHECK(ram.at(0x200000, 8) == kMarker);
}

TEST_CASE("PVH: ELF32 is loaded as well", "[boot][pvh]") {
  const TemporaryFolder folder;
  const Ram ram(8 * kMebibyte);
  const BootState state = load(request_for(folder.file("k", elf32())), ram.memory());
  CHECK(state.entry == 0x200020);
  CHECK(ram.at(0x200000, 8) == kMarker);
}

// Offsets as in Xen's public/arch-x86/hvm/start_info.h.
TEST_CASE("PVH: start info points to command line, module, memory map and RSDP", "[boot][pvh]") {
  const TemporaryFolder folder;
  const Ram ram(8 * kMebibyte);
  BootRequest request = request_for(folder.file("k", elf64()));
  request.initrd = folder.file("i", Bytes(100, std::byte{7}));
  const std::size_t info = load(request, ram.memory()).parameters;
  CHECK(ram.at(info, 4) == 0x336EC578);
  CHECK(ram.at(info + 4, 4) == 1);
  REQUIRE(ram.at(info + 12, 4) == 1);
  const std::size_t module = ram.at(info + 16, 8);
  CHECK(ram.at(module, 8) == 8 * kMebibyte - 4096);
  CHECK(ram.at(module + 8, 8) == 100);
  CHECK(ram.at(ram.at(module, 8) + 99, 2) == 7);
  CHECK(ram.text(ram.at(info + 24, 8)) == "one two");
  CHECK(ram.at(info + 32, 8) == 0xE0000);
  REQUIRE(ram.at(info + 48, 4) == 5);
  const std::size_t third = ram.at(info + 40, 8) + 2 * 24;
  CHECK(ram.at(third, 8) == kMebibyte);
  CHECK(ram.at(third + 8, 8) == 7 * kMebibyte);
  CHECK(ram.at(third + 16, 4) == 1);
}

TEST_CASE("PVH: each thing wrong with an ELF file is one clear line", "[boot][pvh][errors]") {
  struct Case {
    const char* name;
    std::size_t offset;
    std::uint64_t value;
    unsigned size;
    const char* message;
  };
  const auto wrong = GENERATE(values<Case>({
      {"arm64", 18, 183, 2, "is for 64-bit ARM; use a kernel for x86-64"},
      {"riscv", 18, 243, 2, "is for RISC-V"},
      {"unknown machine", 18, 999, 2, "another processor (ELF machine 999)"},
      {"big-endian", 5, 2, 1, "big-endian"},
      {"class", 4, 3, 1, "damaged ELF header"},
      {"no program headers", 56, 0, 2, "without program headers"},
      {"many program headers", 56, 0xFFFF, 2, "damaged ELF program headers"},
      {"headers beyond the end", 32, 0x3F0, 8, "ends inside its ELF program headers"},
      {"headers wrap around", 32, 0xFFFFFFFFFFFFFFF0, 8, "ends inside its ELF program headers"},
      {"segment beyond the file", 64 + 8, 0xFFFFFFFFFFFFFF80, 8, "reaches beyond the file"},
      {"segment larger than its memory", 64 + 40, 255, 8, "reaches beyond the file"},
      {"segment in low memory", 64 + 24, 0x1000, 8, "outside of every loaded segment"},
      {"segment too large", 64 + 40, 0x6E00001, 8, "needs at least 113 MiB and the guest has 8 MiB"},
      {"segment wraps around", 64 + 40, 0xFFFFFFFFFFFFFFFF, 8, "kernels belong between 1 MiB and 3 GiB"},
      {"notes beyond the file", kNoteSegment + 8, 0x3F0, 8, "damaged ELF note segment"},
      {"huge notes", kNoteSegment + 32, 0xFFFFFFFFFFFFFFFF, 8, "damaged ELF note segment"},
      {"note name beyond its segment", kNoteAt, 0xFFFFFFFF, 4, "has no PVH entry"},
      {"note value beyond its segment", kNoteAt + 28 + 4, 0xFFFFFFFF, 4, "has no PVH entry"},
      {"other note", kNoteAt + 28 + 8, 6, 4, "has no PVH entry"},
      {"entry above 4 GiB", kNoteAt + 28 + 20, 1, 4, "has no PVH entry"},
      {"entry outside", kNoteAt + 28 + 16, 0x201000, 4, "outside of every loaded segment"},
      {"nothing to load", 64, 0, 4, "outside of every loaded segment"},
  }));
  INFO(wrong.name);
  const TemporaryFolder folder;
  const Ram ram(8 * kMebibyte);
  Bytes file = elf64();
  put(file, wrong.offset, wrong.value, wrong.size);
  const std::string message = load_error(request_for(folder.file("k", file)), ram);
  CHECK(excerpt(message, wrong.message) == wrong.message);
  CHECK(message.find('\n') == std::string::npos);
}

TEST_CASE("PVH: a segment over the loader's own low memory is refused", "[boot][pvh][errors]") {
  const TemporaryFolder folder;
  const Ram ram(8 * kMebibyte);
  Bytes file = elf64();
  put(file, 64 + 24, 0x6000, 8);
  put(file, kNoteAt + 28 + 16, 0x6010, 4);
  CHECK(excerpt(load_error(request_for(folder.file("k", file)), ram),
                "kernels belong between 1 MiB and 3 GiB") == "kernels belong between 1 MiB and 3 GiB");
}

TEST_CASE("Boot: Linux is told from other guests by header or note", "[boot][pvh]") {
  const TemporaryFolder folder;
  Bytes linux_elf = elf64();
  put_note(linux_elf, kNoteAt, "Linux", 0x100, 0);
  CHECK(is_linux(folder.file("bzImage", bzimage())));
  CHECK(is_linux(folder.file("vmlinux", linux_elf)));
  CHECK_FALSE(is_linux(folder.file("bare", elf64())));
  CHECK_FALSE(is_linux(folder.file("text", Bytes(5000, std::byte{'x'}))));
}

}  // namespace virtcrypt::vmm::boot
