#include "virtcrypt/vmm/cli/crypto_names.h"

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::vmm::cli {

std::vector<std::string> service_names() {
  using crypto::Service;
  std::vector<std::string> names;
  for (const Service service :
       {Service::kCipher, Service::kHash, Service::kMac, Service::kAead, Service::kAkcipher}) {
    names.emplace_back(crypto::name_of(service));
  }
  return names;
}

std::vector<std::string> algorithm_names() {
  const auto engine = crypto::make_default_engine();
  const crypto::Capabilities& has = engine->capabilities();
  std::vector<std::string> names;
  const auto append = [&names](const auto& rows) {
    for (const auto& row : rows)
      names.emplace_back(row.name);
  };
  append(has.ciphers);
  append(has.hashes);
  append(has.macs);
  append(has.aeads);
  append(has.akciphers);
  return names;
}

const std::vector<DialectName>& dialect_names() {
  static const std::vector<DialectName> names{{CryptoDialect::kStandard, "standard"},
                                              {CryptoDialect::kRfcV2, "rfc-v2"}};
  return names;
}

const devices::crypto_dev::Dialect& dialect_of(CryptoDialect dialect) {
  return dialect == CryptoDialect::kRfcV2 ? devices::crypto_dev::rfc_v2_dialect()
                                          : devices::crypto_dev::standard_dialect();
}

std::vector<SelectableFeature> selectable_features(CryptoDialect dialect) {
  std::vector<SelectableFeature> features;
  for (const auto& row : dialect_of(dialect).feature_names()) {
    if (!dialect_of(dialect).extensions().has_bit(row.bit))
      features.push_back({row.bit, std::string(row.name)});
  }
  constexpr unsigned kBits = 64;
  for (unsigned bit = 0; bit < kBits; ++bit) {
    const auto feature = static_cast<virtio::Feature>(bit);
    if (feature == virtio::Feature::kVersion1) continue;
    const std::string_view name = virtio::name_of(feature);
    if (virtio::feature_named(name) == feature) features.push_back({bit, std::string(name)});
  }
  return features;
}

}  // namespace virtcrypt::vmm::cli
