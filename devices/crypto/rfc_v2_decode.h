// Requests of the draft of April 2016 for people (docs/rfc-v2.md).
#pragma once

#include <span>

#include "virtcrypt/devices/crypto/decoded_request.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {

// `bytes`: the first readable bytes of a chain, kMostFieldBytes of them if there are as many.
[[nodiscard]] DecodedRequest decode_control(std::span<const std::byte> bytes);
[[nodiscard]] DecodedRequest decode_data(std::span<const std::byte> bytes, virtio::FeatureSet negotiated);

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
