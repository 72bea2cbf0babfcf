#include "virtcrypt/virtio/features.h"

namespace virtcrypt::virtio {
namespace {

struct NamedFeature {
  Feature feature;
  std::string_view name;
};

constexpr NamedFeature kNames[] = {
    {Feature::kRingIndirectDesc, "INDIRECT_DESC"},
    {Feature::kRingEventIdx, "EVENT_IDX"},
    {Feature::kVersion1, "VERSION_1"},
    {Feature::kAccessPlatform, "ACCESS_PLATFORM"},
    {Feature::kRingPacked, "RING_PACKED"},
    {Feature::kInOrder, "IN_ORDER"},
    {Feature::kOrderPlatform, "ORDER_PLATFORM"},
    {Feature::kNotificationData, "NOTIFICATION_DATA"},
    {Feature::kNotifConfigData, "NOTIF_CONFIG_DATA"},
    {Feature::kRingReset, "RING_RESET"},
};

}  // namespace

std::string_view name_of(Feature feature) {
  for (const NamedFeature& row : kNames) {
    if (row.feature == feature) return row.name;
  }
  return "unknown feature";
}

std::optional<Feature> feature_named(std::string_view name) {
  for (const NamedFeature& row : kNames) {
    if (row.name == name) return row.feature;
  }
  return std::nullopt;
}

}  // namespace virtcrypt::virtio
