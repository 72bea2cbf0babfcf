#include "virtcrypt/virtio/features.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "tests/support/catch.h"

using namespace virtcrypt::virtio;

TEST_CASE("Features: names and bit numbers are the specification's", "[virtio][features]") {
  const auto [name, bit] = GENERATE(table<std::string_view, unsigned>({{"INDIRECT_DESC", 28},
                                                                       {"EVENT_IDX", 29},
                                                                       {"VERSION_1", 32},
                                                                       {"ACCESS_PLATFORM", 33},
                                                                       {"RING_PACKED", 34},
                                                                       {"IN_ORDER", 35},
                                                                       {"ORDER_PLATFORM", 36},
                                                                       {"NOTIFICATION_DATA", 38},
                                                                       {"NOTIF_CONFIG_DATA", 39},
                                                                       {"RING_RESET", 40}}));
  const auto feature = feature_named(name);
  REQUIRE(feature);
  CHECK(static_cast<unsigned>(*feature) == bit);
  CHECK(name_of(*feature) == name);
  CHECK(kImplementedFeatures.has(*feature));
}

TEST_CASE("Features: bits that are never offered have no name", "[virtio][features][RSVD-DEV-010]") {
  for (const std::string_view name :
       {"", "SR_IOV", "ADMIN_VQ", "ring_packed", "RING_PACKED ", "VIRTIO_F_RING_PACKED"})
    CHECK_FALSE(feature_named(name));
  CHECK(name_of(static_cast<Feature>(37)) == "unknown feature");
  CHECK(kImplementedFeatures.bits() == 0x1DF'3000'0000);
}

TEST_CASE("FeatureSet: sets meet, join and lose a feature", "[virtio][features]") {
  const FeatureSet packed = FeatureSet().with(Feature::kRingPacked);
  const FeatureSet both = packed.with(Feature::kVersion1);
  CHECK((both & packed) == packed);
  CHECK((FeatureSet() | packed) == packed);
  CHECK(both.without(Feature::kVersion1) == packed);
  CHECK(packed.without(Feature::kVersion1) == packed);
  CHECK((FeatureSet::all() & both) == both);
}
