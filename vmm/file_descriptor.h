// Ownership of one file descriptor.
#pragma once

#include "virtcrypt/virtio/file_descriptor.h"

namespace virtcrypt::vmm {

using virtio::FileDescriptor;

}  // namespace virtcrypt::vmm
