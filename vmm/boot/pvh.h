// ELF kernels with a PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY), started by Xen's HVM direct boot ABI: Linux's
// vmlinux with CONFIG_PVH, and small bare-metal guests.
#pragma once

#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/boot/image_file.h"

namespace virtcrypt::vmm::boot {

[[nodiscard]] bool is_elf(const ImageFile& kernel);

// Whether an ELF file is Linux, by its notes. Throws HostError when its headers are damaged.
[[nodiscard]] bool is_linux_elf(const ImageFile& kernel);

// Loads segments, initrd (as the first module), command line and start info. Throws HostError.
[[nodiscard]] BootState load_pvh(const ImageFile& kernel, const BootRequest& request,
                                 const virtio::GuestMemory& memory);

}  // namespace virtcrypt::vmm::boot
