// The control queue's requests in the standard dialect (VIRTIO 1.4, 5.9.9.2).
#pragma once

#include <cstdint>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::standard {

// As Dialect::parse_control() and Dialect::write_control_answer().
[[nodiscard]] ControlRequest parse_control(const virtio::DescriptorChain& chain, const Terms& terms);
[[nodiscard]] std::uint32_t write_control_answer(const ControlRequest& request, std::uint8_t wire_status,
                                                 std::uint64_t session_id,
                                                 const virtio::DescriptorChain& chain);

}  // namespace virtcrypt::devices::crypto_dev::standard
