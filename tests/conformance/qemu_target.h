// QEMU's virtio-crypto-pci.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/target.h"

namespace virtcrypt::conformance {

// `program` is a name to be found in PATH, or a path. Throws std::runtime_error when it is no QEMU with such
// a device.
[[nodiscard]] std::unique_ptr<Target> make_qemu_target(const std::string& program);

// Names of the properties in what `qemu -device NAME,help` prints.
[[nodiscard]] std::set<std::string> qemu_properties(std::string_view help);

// Properties that make a device offer, or not, what the settings and the check ask for; ",packed=on,..."
[[nodiscard]] std::string qemu_feature_properties(const std::set<std::string>& known,
                                                  const Settings& settings, const DeviceOptions& options);

}  // namespace virtcrypt::conformance
