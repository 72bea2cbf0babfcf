// Guest RAM and files for the boot tests. Images are built byte by byte from the boot protocols' documents,
// not with the loader's own structures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include "tests/support/catch.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::boot {

using Bytes = std::vector<std::byte>;

// Little-endian; grows `bytes` as needed.
void put(Bytes& bytes, std::size_t offset, std::uint64_t value, unsigned size);

inline std::uint64_t get(std::span<const std::byte> bytes, std::size_t offset, unsigned size) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i)
    value |= std::to_integer<std::uint64_t>(bytes[offset + i]) << (8 * i);
  return value;
}

// RAM from 0 on, and a second region at 4 GiB when asked for.
class Ram {
 public:
  explicit Ram(std::size_t low, std::size_t high = 0) : low_(low), high_(high), memory_(regions()) {}
  Ram(const Ram&) = delete;
  Ram& operator=(const Ram&) = delete;

  [[nodiscard]] const virtio::GuestMemory& memory() const { return memory_; }
  [[nodiscard]] std::uint64_t at(std::size_t address, unsigned size) const {
    return get(low_, address, size);
  }
  [[nodiscard]] std::string text(std::size_t address) const {
    return reinterpret_cast<const char*>(low_.data() + address);
  }

 private:
  std::vector<virtio::MemoryRegion> regions() {
    std::vector<virtio::MemoryRegion> result{{virtio::GuestAddress{0}, low_}};
    if (!high_.empty()) result.push_back({virtio::GuestAddress{std::uint64_t{1} << 32}, high_});
    return result;
  }

  Bytes low_;
  Bytes high_;
  virtio::GuestMemory memory_;
};

// A folder for the files of one test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "virtcrypt-boot-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path path() const { return path_; }
  [[nodiscard]] std::filesystem::path file(const std::string& name, const Bytes& contents) const {
    std::ofstream(path_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// `part` when `text` holds it, else all of `text`, so that a failed comparison shows it. Catch2 2 and 3 name
// their matcher for this differently.
inline std::string excerpt(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos ? part : text;
}

// What load() complains about; empty when it does not.
inline std::string load_error(const BootRequest& request, const Ram& ram) {
  try {
    (void)load(request, ram.memory());
  } catch (const HostError& error) {
    return error.what();
  }
  return {};
}

constexpr std::size_t kMebibyte = 1024 * 1024;

// The fields that Documentation/arch/x86/boot.rst gives a bzImage of protocol 2.15: one setup sector, 4 KiB
// of kernel that starts with `marker`, preferred address 16 MiB, 2 MiB needed to start.
constexpr std::uint64_t kMarker = 0x1122'3344'5566'7788;
inline Bytes bzimage() {
  Bytes image(2 * 512 + 4096);
  put(image, 0x1F1, 1, 1);              // setup_sects
  put(image, 0x1F4, 4096 / 16, 4);      // syssize
  put(image, 0x1FE, 0xAA55, 2);         // boot_flag
  put(image, 0x200, 0x6AEB, 2);         // jump over the header, to 0x26c
  put(image, 0x202, 0x53726448, 4);     // "HdrS"
  put(image, 0x206, 0x020F, 2);         // version
  put(image, 0x211, 1, 1);              // loadflags: LOADED_HIGH
  put(image, 0x22C, 0x7FFFFFFF, 4);     // initrd_addr_max
  put(image, 0x230, 0x200000, 4);       // kernel_alignment
  put(image, 0x234, 1, 1);              // relocatable_kernel
  put(image, 0x236, 1, 2);              // xloadflags: KERNEL_64
  put(image, 0x238, 2047, 4);           // cmdline_size
  put(image, 0x258, 0x1000000, 8);      // pref_address
  put(image, 0x260, 2 * kMebibyte, 4);  // init_size
  put(image, 1024, kMarker, 8);
  return image;
}

}  // namespace virtcrypt::vmm::boot
