// The control queue of the draft: create and close.
#pragma once

#include <cstdint>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {

[[nodiscard]] ControlRequest parse_control(const virtio::DescriptorChain& chain, const Terms& terms);

// Fills the whole writable part. Returns the used length.
[[nodiscard]] std::uint32_t write_control_answer(const ControlRequest& request, std::uint8_t wire_status,
                                                 std::uint64_t session_id,
                                                 const virtio::DescriptorChain& chain);

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
