// Linux's bzImage, entered through its 64-bit entry point (Linux x86 boot protocol 2.12 and later).
#pragma once

#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/boot/image_file.h"

namespace virtcrypt::vmm::boot {

// Whether the file carries the setup header of a Linux x86 kernel, of whatever version.
[[nodiscard]] bool has_setup_header(const ImageFile& kernel);

// Loads kernel, initrd, command line and zero page. Throws HostError.
[[nodiscard]] BootState load_bzimage(const ImageFile& kernel, const BootRequest& request,
                                     const virtio::GuestMemory& memory);

}  // namespace virtcrypt::vmm::boot
