#include "tests/conformance/features.h"

#include <span>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

struct Name {
  unsigned bit;
  std::string_view name;
};

constexpr Name kReserved[] = {
    {28, "INDIRECT_DESC"},     {29, "EVENT_IDX"},         {32, "VERSION_1"},      {33, "ACCESS_PLATFORM"},
    {34, "RING_PACKED"},       {35, "IN_ORDER"},          {36, "ORDER_PLATFORM"}, {37, "SR_IOV"},
    {38, "NOTIFICATION_DATA"}, {39, "NOTIF_CONFIG_DATA"}, {40, "RING_RESET"},     {41, "ADMIN_VQ"},
    {43, "SUSPEND"},
};
constexpr Name kStandard[] = {
    {0, "REVISION_1"},         {1, "CIPHER_STATELESS_MODE"}, {2, "HASH_STATELESS_MODE"},
    {3, "MAC_STATELESS_MODE"}, {4, "AEAD_STATELESS_MODE"},   {5, "AKCIPHER_STATELESS_MODE"},
};
constexpr Name kRfcV2[] = {{0, "STATUS"}, {1, "MQ"}, {2, "ALGS"}, {16, "INLINE_SESSION"}};

std::span<const Name> names_of(Dialect dialect) {
  return dialect == Dialect::kStandard ? std::span<const Name>(kStandard) : std::span<const Name>(kRfcV2);
}

std::string_view without_prefix(std::string_view name) {
  for (const std::string_view prefix : {"VIRTIO_CRYPTO_F_", "VIRTIO_F_"}) {
    if (name.substr(0, prefix.size()) == prefix) return name.substr(prefix.size());
  }
  return name;
}

std::string name_of_bit(unsigned bit, Dialect dialect) {
  for (const std::span<const Name> table : {names_of(dialect), std::span<const Name>(kReserved)}) {
    for (const Name& row : table) {
      if (row.bit == bit) return std::string(row.name);
    }
  }
  return fmt::format("bit {}", bit);
}

}  // namespace

std::optional<std::uint64_t> feature_named(std::string_view name, Dialect dialect) {
  name = without_prefix(name);
  for (const std::span<const Name> table : {names_of(dialect), std::span<const Name>(kReserved)}) {
    for (const Name& row : table) {
      if (row.name == name) return std::uint64_t{1} << row.bit;
    }
  }
  return std::nullopt;
}

std::uint64_t known_features(Dialect dialect) {
  std::uint64_t known = 0;
  for (const std::span<const Name> table : {names_of(dialect), std::span<const Name>(kReserved)}) {
    for (const Name& row : table)
      known |= std::uint64_t{1} << row.bit;
  }
  return known;
}

std::vector<std::string> feature_names(std::uint64_t features, Dialect dialect) {
  std::vector<std::string> names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((features >> bit & 1) != 0) names.push_back(name_of_bit(bit, dialect));
  }
  return names;
}

std::string joined_feature_names(std::uint64_t features, Dialect dialect) {
  return fmt::format("{}", fmt::join(feature_names(features, dialect), ", "));
}

}  // namespace virtcrypt::conformance
