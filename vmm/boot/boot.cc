#include "virtcrypt/vmm/boot/boot.h"

#include <cstdint>

#include "virtcrypt/vmm/boot/bzimage.h"
#include "virtcrypt/vmm/boot/image_file.h"
#include "virtcrypt/vmm/boot/pvh.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::boot {

namespace {

// Says what a file is that is no kernel for this machine, as far as its first bytes tell.
HostError unknown_kernel(const ImageFile& kernel) {
  constexpr std::uint64_t kImageMagicOffset = 0x38;   // of the arm64 and RISC-V "Image" formats
  constexpr std::uint32_t kArm64Magic = 0x644D'5241;  // "ARM\x64"
  constexpr std::uint32_t kRiscvMagic = 0x0543'5352;  // "RSC\x05"
  constexpr std::uint16_t kGzipMagic = 0x8B1F;
  constexpr std::uint32_t kXzMagic = 0x587A'37FD;
  constexpr std::uint32_t kZstdMagic = 0xFD2F'B528;

  const auto image_magic = kernel.read_value<std::uint32_t>(kImageMagicOffset);
  if (image_magic == kArm64Magic) return kernel.error("is for 64-bit ARM; use a kernel for x86-64");
  if (image_magic == kRiscvMagic) return kernel.error("is for RISC-V; use a kernel for x86-64");
  const auto magic = kernel.read_value<std::uint32_t>(0);
  if (kernel.read_value<std::uint16_t>(0) == kGzipMagic || magic == kXzMagic || magic == kZstdMagic) {
    return kernel.error("is compressed as a whole; unpack it, or use the bzImage");
  }
  return kernel.error("is not a kernel: neither a bzImage (vmlinuz) nor an ELF file with a PVH entry");
}

}  // namespace

BootState load(const BootRequest& request, const virtio::GuestMemory& memory) {
  const ImageFile kernel("kernel", request.kernel);
  if (is_elf(kernel)) return load_pvh(kernel, request, memory);
  if (has_setup_header(kernel)) return load_bzimage(kernel, request, memory);
  throw unknown_kernel(kernel);
}

bool is_linux(const std::filesystem::path& path) {
  const ImageFile kernel("kernel", path);
  return is_elf(kernel) ? is_linux_elf(kernel) : has_setup_header(kernel);
}

}  // namespace virtcrypt::vmm::boot
