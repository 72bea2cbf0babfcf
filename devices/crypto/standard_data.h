// The data queues' requests in the standard dialect (VIRTIO 1.4, 5.9.9.3 to 5.9.9.8).
#pragma once

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::standard {

// Fills `request`, which has been reset. Its status is for the caller to set to what this returns.
[[nodiscard]] RequestStatus parse_data(const virtio::DescriptorChain& chain, const Terms& terms,
                                       DataRequest& request);

}  // namespace virtcrypt::devices::crypto_dev::standard
