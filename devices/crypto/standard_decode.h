// Requests of the standard dialect for people (VIRTIO 1.4, 5.9.9).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "virtcrypt/crypto/algorithms.h"
#include "virtcrypt/devices/crypto/decoded_request.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::devices::crypto_dev::standard {

// `bytes`: the first readable bytes of a chain, kMostFieldBytes of them if there are as many.
[[nodiscard]] DecodedRequest decode_control(std::span<const std::byte> bytes, virtio::FeatureSet negotiated);
[[nodiscard]] DecodedRequest decode_data(std::span<const std::byte> bytes, virtio::FeatureSet negotiated);

// Of an opcode on either queue, if there is such a service. Chains are symmetric requests: their service is
// kCipher here.
[[nodiscard]] std::optional<crypto::Service> service_of_opcode(std::uint64_t opcode);

}  // namespace virtcrypt::devices::crypto_dev::standard
