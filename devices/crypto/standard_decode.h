// Requests of the standard dialect for people (VIRTIO 1.4, 5.9.9).
#pragma once

#include <span>

#include "virtcrypt/devices/crypto/decoded_request.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::devices::crypto_dev::standard {

// `bytes`: the first readable bytes of a chain, kMostFieldBytes of them if there are as many.
[[nodiscard]] DecodedRequest decode_control(std::span<const std::byte> bytes, virtio::FeatureSet negotiated);
[[nodiscard]] DecodedRequest decode_data(std::span<const std::byte> bytes, virtio::FeatureSet negotiated);

}  // namespace virtcrypt::devices::crypto_dev::standard
