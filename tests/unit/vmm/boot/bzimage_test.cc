#include "tests/unit/vmm/boot/boot_fixture.h"

namespace virtcrypt::vmm::boot {

TEST_CASE("bzImage: kernel is entered 0x200 behind its preferred address", "[boot][bzimage]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  const BootState state = load({.kernel = folder.file("k", bzimage()),
                                .initrd = {},
                                .command_line = "quiet",
                                .rsdp = virtio::GuestAddress{0xE0000}},
                               ram.memory());
  CHECK(state.mode == BootState::Mode::kLong64);
  CHECK(state.entry == 0x1000200);
  CHECK(state.parameters == 0x7000);
  CHECK(ram.at(0x1000000, 8) == kMarker);
}

TEST_CASE("bzImage: zero page holds header, command line, RSDP and loader type", "[boot][bzimage]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  const BootState state = load({.kernel = folder.file("k", bzimage()),
                                .initrd = {},
                                .command_line = "a=b c",
                                .rsdp = virtio::GuestAddress{0xE0000}},
                               ram.memory());
  const std::size_t zero_page = state.parameters;
  CHECK(ram.at(zero_page + 0x202, 4) == 0x53726448);
  CHECK(ram.at(zero_page + 0x210, 1) == 0xFF);
  CHECK(ram.at(zero_page + 0x070, 8) == 0xE0000);
  CHECK(ram.text(ram.at(zero_page + 0x228, 4)) == "a=b c");
  CHECK(ram.at(zero_page + 0x21C, 4) == 0);
}

TEST_CASE("bzImage: memory map spares EBDA, BIOS area, ECAM and KVM's pages", "[boot][bzimage]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte, 4 * kMebibyte);
  const BootState state = load(
      {.kernel = folder.file("k", bzimage()), .initrd = {}, .command_line = "", .rsdp = {}}, ram.memory());
  const std::size_t table = state.parameters + 0x2D0;
  // Base, size, type; 20 bytes each (boot.rst, "zero page").
  const std::vector<std::vector<std::uint64_t>> expected{
      {0, 0x9FC00, 1},           {0x9FC00, 0x60400, 2},   {0x100000, 0x1F00000, 1},
      {0xE0000000, 0x100000, 2}, {0xFFFBC000, 0x4000, 2}, {0x100000000, 0x400000, 1}};
  REQUIRE(ram.at(state.parameters + 0x1E8, 1) == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(ram.at(table + 20 * i, 8) == expected[i][0]);
    CHECK(ram.at(table + 20 * i + 8, 8) == expected[i][1]);
    CHECK(ram.at(table + 20 * i + 16, 4) == expected[i][2]);
  }
}

TEST_CASE("bzImage: initrd lies as high as RAM allows", "[boot][bzimage]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  Bytes initrd(5000, std::byte{0x5A});
  const BootState state = load({.kernel = folder.file("k", bzimage()),
                                .initrd = folder.file("i", initrd),
                                .command_line = "",
                                .rsdp = {}},
                               ram.memory());
  CHECK(ram.at(state.parameters + 0x218, 4) == 32 * kMebibyte - 8192);
  CHECK(ram.at(state.parameters + 0x21C, 4) == 5000);
  CHECK(ram.at(32 * kMebibyte - 8192 + 4999, 2) == 0x005A);
}

TEST_CASE("bzImage: initrd stays below the address that the kernel allows", "[boot][bzimage]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  Bytes image = bzimage();
  put(image, 0x22C, 0x14FFFFF, 4);
  const BootState state = load({.kernel = folder.file("k", image),
                                .initrd = folder.file("i", Bytes(4096)),
                                .command_line = "",
                                .rsdp = {}},
                               ram.memory());
  CHECK(ram.at(state.parameters + 0x218, 4) == 0x14FF000);
}

TEST_CASE("bzImage: each thing wrong with a kernel is one clear line", "[boot][bzimage][errors]") {
  struct Case {
    const char* name;
    std::size_t offset;
    std::uint64_t value;
    unsigned size;
    const char* message;
  };
  const auto wrong = GENERATE(values<Case>({
      {"32-bit", 0x236, 0, 2, "is a 32-bit kernel; use one for x86-64"},
      {"old protocol", 0x206, 0x0209, 2, "is too old: boot protocol 2.09"},
      {"zImage", 0x211, 0, 1, "is a zImage"},
      {"boot flag", 0x1FE, 0, 2, "boot sector is damaged"},
      {"setup beyond the end", 0x1F1, 200, 1, "ends before its protected-mode part"},
      {"truncated", 0x1F4, 0xFFFFFFFF, 4, "is truncated"},
      {"nothing but setup", 0x1F4, 1, 4, "has no code"},
      {"address 0", 0x258, 0, 8, "no place for a kernel"},
      {"address far away", 0x258, 0xFFFFFFFFFFFFF000, 8, "no place for a kernel"},
      {"alignment 0", 0x230, 0, 4, "contradicts itself"},
      {"header too short", 0x201, 0x10, 1, "setup header shorter"},
      {"init_size", 0x260, 0x40000000, 4, "needs at least 1040 MiB and the guest has 32 MiB"},
  }));
  INFO(wrong.name);
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  Bytes image = bzimage();
  put(image, wrong.offset, wrong.value, wrong.size);
  const std::string message =
      load_error({.kernel = folder.file("k", image), .initrd = {}, .command_line = "", .rsdp = {}}, ram);
  CHECK(excerpt(message, wrong.message) == wrong.message);
  CHECK(excerpt(message, (folder.path() / "k").string()) == (folder.path() / "k").string());
  CHECK(message.find('\n') == std::string::npos);
}

TEST_CASE("bzImage: a file cut at any length is refused or, uncut, loads", "[boot][bzimage][errors]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  const Bytes whole = bzimage();
  for (std::size_t length = 1; length < whole.size() - 15; length += 13) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    INFO(length);
    CHECK_FALSE(
        load_error({.kernel = folder.file("k", cut), .initrd = {}, .command_line = "", .rsdp = {}}, ram)
            .empty());
  }
}

TEST_CASE("bzImage: command line of the kernel's limit fits, one more does not", "[boot][bzimage][errors]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  const auto kernel = folder.file("k", bzimage());
  CHECK(load_error({.kernel = kernel, .initrd = {}, .command_line = std::string(2047, 'x'), .rsdp = {}}, ram)
            .empty());
  CHECK(
      excerpt(load_error({.kernel = kernel, .initrd = {}, .command_line = std::string(2048, 'x'), .rsdp = {}},
                         ram),
              "command line too long: 2048 bytes, and this kernel takes 2047") ==
      "command line too long: 2048 bytes, and this kernel takes 2047");
}

TEST_CASE("Boot: initrd that is missing, empty or too large is one clear line", "[boot][errors]") {
  const TemporaryFolder folder;
  const Ram ram(20 * kMebibyte);
  const auto kernel = folder.file("k", bzimage());
  const auto error_with = [&](const std::filesystem::path& initrd) {
    return load_error({.kernel = kernel, .initrd = initrd, .command_line = "", .rsdp = {}}, ram);
  };
  CHECK(excerpt(error_with(folder.path() / "none"), "none: no such file") == "none: no such file");
  CHECK(excerpt(error_with(folder.file("empty", {})), "is empty") == "is empty");
  CHECK(excerpt(error_with(folder.file("large", Bytes(3 * kMebibyte))),
                "kernel and initrd need at least 21 MiB and the guest has 20 MiB") ==
        "kernel and initrd need at least 21 MiB and the guest has 20 MiB");
}

TEST_CASE("Boot: what is no kernel is named", "[boot][errors]") {
  const TemporaryFolder folder;
  const Ram ram(32 * kMebibyte);
  const auto error_with = [&](const std::filesystem::path& kernel) {
    return load_error({.kernel = kernel, .initrd = {}, .command_line = "", .rsdp = {}}, ram);
  };
  Bytes arm64(4096);
  put(arm64, 0x38, 0x644D5241, 4);
  Bytes riscv(4096);
  put(riscv, 0x38, 0x05435352, 4);
  Bytes gzip(4096);
  put(gzip, 0, 0x8B1F, 2);
  CHECK(excerpt(error_with(folder.path() / "none"), "none: no such file") == "none: no such file");
  CHECK(excerpt(error_with(folder.path()), "is a directory") == "is a directory");
  CHECK(excerpt(error_with("/dev/null"), "is not a regular file") == "is not a regular file");
  CHECK(excerpt(error_with(folder.file("empty", {})), "is empty") == "is empty");
  CHECK(excerpt(error_with(folder.file("text", Bytes(10000, std::byte{'x'}))), "is not a kernel") ==
        "is not a kernel");
  CHECK(excerpt(error_with(folder.file("arm64", arm64)), "is for 64-bit ARM") == "is for 64-bit ARM");
  CHECK(excerpt(error_with(folder.file("riscv", riscv)), "is for RISC-V") == "is for RISC-V");
  CHECK(excerpt(error_with(folder.file("gzip", gzip)), "is compressed") == "is compressed");
}

TEST_CASE("Boot: a machine without memory above 1 MiB is too small", "[boot][errors]") {
  const TemporaryFolder folder;
  const Ram ram(kMebibyte);
  CHECK(
      excerpt(load_error(
                  {.kernel = folder.file("k", bzimage()), .initrd = {}, .command_line = "", .rsdp = {}}, ram),
              "too little memory") == "too little memory");
}

}  // namespace virtcrypt::vmm::boot
