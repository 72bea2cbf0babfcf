// Feature negotiation over PCI (VIRTIO 1.4, 2.2, 3.1.1 and 6), seen from the driver's side.
#include <cstdint>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

const DriverOptions kNotStarted{.start = false};

// Bits 24 to 40 and 43 (2.2), and which of them there are.
constexpr std::uint64_t kTransportBits = 0x9FF'FF00'0000;
constexpr std::uint64_t kTransportFeatures =
    feature::kVersion1 | feature::kIndirectDesc | feature::kEventIdx | feature::kAccessPlatform |
    feature::kRingPacked | feature::kInOrder | feature::kOrderPlatform | feature::kNotificationData |
    feature::kNotifConfigData | feature::kRingReset;

}  // namespace

TEST_CASE("PCI: features are shown and kept word by word", "[pci][4.1.4.3][PCI-DEV-014][PCI-DEV-015]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  CHECK((pci.offered() & kTransportBits) == kTransportFeatures);
  for (const std::uint32_t select : {2U, 3U, 0x8000'0000U, 0xFFFF'FFFFU}) {
    pci.write_common(common::kDeviceFeatureSelect, 4, select);
    CHECK(pci.read_common(common::kDeviceFeature, 4) == 0);
  }
  pci.set_driver_features(feature::kVersion1 | feature::kEventIdx);
  pci.write_common(common::kDriverFeatureSelect, 4, 0);
  CHECK(pci.read_common(common::kDriverFeature, 4) == 0x2000'0000);
  pci.write_common(common::kDriverFeatureSelect, 4, 1);
  CHECK(pci.read_common(common::kDriverFeature, 4) == 1);
}

TEST_CASE("PCI: every legal subset of the features is agreed to, again and again",
          "[pci][FEAT-DEV-002][FEAT-DEV-005]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  const std::uint64_t optional = kTransportFeatures & ~feature::kVersion1;
  std::uint64_t subset = 0;
  do {
    for (int round = 0; round < 2; ++round) {
      REQUIRE(driver.pci().negotiate(feature::kVersion1 | subset));
      driver.reset();
    }
    subset = (subset - optional) & optional;
  } while (subset != 0);
}

TEST_CASE("PCI: features that make no sense are refused", "[pci][FEAT-DEV-003][RSVD-DEV-002][RSVD-DEV-010]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  const std::uint64_t features =
      GENERATE(std::uint64_t{0}, feature::kEventIdx, kTransportFeatures & ~feature::kVersion1,
               feature::kVersion1 | 2,  // a stateless mode without REVISION_1
               feature::kVersion1 | feature::kSrIov, feature::kVersion1 | std::uint64_t{1} << 41);
  CHECK_FALSE(driver.pci().negotiate(features));
  CHECK(driver.pci().device_status() == (status::kAcknowledge | status::kDriver));
  driver.pci().add_status(status::kDriverOk);
  CHECK((driver.pci().device_status() & status::kDriverOk) == 0);
}

TEST_CASE("PCI: the host can take features out of the offer", "[pci][FEAT-DEV-001][RSVD-DEV-001]") {
  const std::uint64_t hidden =
      GENERATE(std::uint64_t{0}, feature::kRingPacked, feature::kInOrder | feature::kAccessPlatform,
               feature::kEventIdx | feature::kIndirectDesc | feature::kRingReset, feature::kVersion1,
               kTransportFeatures);
  devices::crypto_dev::DeviceOptions options = polled_device();
  options.offered = virtio::FeatureSet(~hidden);
  CryptoDriver driver(options, {.features = feature::kVersion1, .start = false});
  const std::uint64_t rest = (kTransportFeatures & ~hidden) | feature::kVersion1;
  CHECK((driver.pci().offered() & kTransportBits) == rest);
  CHECK(driver.pci().negotiate(rest));
  driver.reset();
  const std::uint64_t refused = hidden & ~feature::kVersion1;
  if (refused != 0) CHECK_FALSE(driver.pci().negotiate(feature::kVersion1 | refused));
}

TEST_CASE("PCI: without REVISION_1 what depends on it is not offered either", "[pci][FEAT-DEV-001]") {
  devices::crypto_dev::DeviceOptions options = polled_device();
  options.offered = virtio::FeatureSet(~std::uint64_t{1});
  CryptoDriver driver(options, kNotStarted);
  CHECK((driver.pci().offered() & 0xFF'FFFF) == 0);
}

TEST_CASE("PCI: feature bits from 64 on are not offered and must not be accepted", "[pci][FEAT-DEV-003]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  const std::uint32_t select = GENERATE(2U, 3U, 4U, 0xFFFF'FFFFU);
  pci.write_common(common::kDriverFeatureSelect, 4, select);
  pci.write_common(common::kDriverFeature, 4, 1);
  CHECK_FALSE(pci.negotiate(feature::kVersion1));
  driver.reset();
  CHECK(pci.negotiate(feature::kVersion1));
}

TEST_CASE("PCI: features cannot change after FEATURES_OK", "[pci][3.1.1]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  REQUIRE(driver.pci().negotiate(feature::kVersion1));
  driver.pci().set_driver_features(feature::kVersion1 | feature::kEventIdx);
  driver.pci().write_common(common::kDriverFeatureSelect, 4, 0);
  CHECK(driver.pci().read_common(common::kDriverFeature, 4) == 0);
}
