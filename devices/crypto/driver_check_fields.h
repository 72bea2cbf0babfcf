// What judging requests needs to find in decoded ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "virtcrypt/devices/crypto/decoded_request.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::devices::crypto_dev {

// The last field of this name; the header's come before those of the request's own part.
[[nodiscard]] std::optional<std::uint64_t> value_of(const DecodedRequest& request, std::string_view name);

// Where the last part ends by what the fields say, or else the last field.
[[nodiscard]] std::uint64_t end_of_parts(const DecodedRequest& request);

// Of a request without a session: every number of its parameters stands for something, and its key has a
// length.
[[nodiscard]] bool has_parameters(const DecodedRequest& request);

[[nodiscard]] bool is_stateless(const DecodedRequest& request, const Terms& terms);

[[nodiscard]] bool ends_with(std::string_view text, std::string_view end);

// Every feature bit that the specification defines for a device of this dialect.
[[nodiscard]] virtio::FeatureSet defined_features(const Dialect& dialect);

// Bytes of each field of its configuration space; a 64-bit one as two halves.
[[nodiscard]] std::vector<std::size_t> config_fields(const Dialect& dialect);

}  // namespace virtcrypt::devices::crypto_dev
