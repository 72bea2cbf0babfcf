// The names that --crypto takes for services, algorithms and feature bits.
#pragma once

#include <string>
#include <vector>

namespace virtcrypt::vmm::cli {

// As crypto::name_of() writes them: CIPHER, ..., and every algorithm that a device can have here.
[[nodiscard]] std::vector<std::string> service_names();
[[nodiscard]] std::vector<std::string> algorithm_names();

// A feature bit that a device may be told not to offer. VERSION_1 is not among them: without it there is no
// device.
struct SelectableFeature {
  unsigned bit;
  std::string name;  // as the specification writes it, without VIRTIO_F_ or VIRTIO_CRYPTO_F_
};
[[nodiscard]] std::vector<SelectableFeature> selectable_features();

}  // namespace virtcrypt::vmm::cli
