// The names that --crypto takes for services, algorithms and feature bits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/vmm/cli/crypto_options.h"

namespace virtcrypt::vmm::cli {

// As crypto::name_of() writes them: CIPHER, ..., and every algorithm that a device can have here.
[[nodiscard]] std::vector<std::string> service_names();
[[nodiscard]] std::vector<std::string> algorithm_names();

// "standard" and "rfc-v2".
struct DialectName {
  CryptoDialect dialect;
  std::string_view name;
};
[[nodiscard]] const std::vector<DialectName>& dialect_names();
[[nodiscard]] const devices::crypto_dev::Dialect& dialect_of(CryptoDialect dialect);

// A feature bit that a device may be told not to offer. VERSION_1 is not among them: without it there is no
// device. Nor are extensions of ours, which have switches of their own.
struct SelectableFeature {
  unsigned bit;
  std::string name;  // as the specification writes it, without VIRTIO_F_ or VIRTIO_CRYPTO_F_
};
[[nodiscard]] std::vector<SelectableFeature> selectable_features(CryptoDialect dialect);

}  // namespace virtcrypt::vmm::cli
