// Feature bits by their names in the specification, for the command line and for reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/settings.h"

namespace virtcrypt::conformance {

// Bits that a device of today does not offer, but that statements depend on.
constexpr std::uint64_t kAdminVq = std::uint64_t{1} << 41;
constexpr std::uint64_t kSuspend = std::uint64_t{1} << 43;

// With or without VIRTIO_F_ or VIRTIO_CRYPTO_F_; nothing when the dialect knows no such feature.
[[nodiscard]] std::optional<std::uint64_t> feature_named(std::string_view name, Dialect dialect);

// Every bit that the dialect has a name for.
[[nodiscard]] std::uint64_t known_features(Dialect dialect);

// Names of the bits that are set, and "bit N" for those without one.
[[nodiscard]] std::vector<std::string> feature_names(std::uint64_t features, Dialect dialect);
[[nodiscard]] std::string joined_feature_names(std::uint64_t features, Dialect dialect);

}  // namespace virtcrypt::conformance
