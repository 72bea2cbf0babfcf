// Available buffer notifications over PCI (VIRTIO 1.4, 2.9, 4.1.4.4 and 4.1.5.2).
#include <algorithm>
#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/pci/known_block.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

const DriverOptions kNotStarted{.start = false};

}  // namespace

TEST_CASE("Notification: requests are served with every combination of ring features",
          "[pci][split][packed][in-order][2.7][2.8][4.1.5.2]") {
  using namespace virtcrypt::test::feature;
  // Each of these is taken alone, with all others, and left out alone.
  const std::uint64_t one = GENERATE(std::uint64_t{0}, kIndirectDesc, kEventIdx, kAccessPlatform, kInOrder,
                                     kOrderPlatform, kNotificationData, kNotifConfigData, kRingReset);
  const std::uint64_t all = kIndirectDesc | kEventIdx | kAccessPlatform | kInOrder | kOrderPlatform |
                            kNotificationData | kNotifConfigData | kRingReset;
  const std::uint64_t features = kVersion1 | (GENERATE(false, true) ? one : all & ~one);
  const bool packed = GENERATE(false, true);
  CAPTURE(features, packed);
  CryptoDriver driver(polled_device(2), {.features = features, .packed = packed, .ring_size = 16});
  const std::uint64_t id = create_block_session(driver);
  const bool indirect = (features & kIndirectDesc) != 0;
  for (int i = 0; i < 40; ++i) {
    const auto request = encrypt_blocks(id).indirect(indirect && i % 2 == 0);
    REQUIRE(is_right(driver.call(static_cast<std::uint16_t>(i % 2), request)));
  }
}

TEST_CASE("Notification: the structure has room for 32-bit notifications of all queues",
          "[pci][4.1.4.4][PCI-DEV-036][PCI-DEV-037][PCI-DEV-038][PCI-DEV-039][PCI-DEV-040]") {
  CryptoDriver driver(polled_device(5), kNotStarted);
  PciDriver& pci = driver.pci();
  const PciDriver::Structure& notify = pci.structures().at(2);
  CHECK(notify.offset % 4 == 0);
  CHECK(pci.notify_multiplier() % 4 == 0);
  CHECK((pci.notify_multiplier() & (pci.notify_multiplier() - 1)) == 0);
  for (std::uint16_t queue = 0; queue < 6; ++queue) {
    pci.write_common(common::kQueueSelect, 2, queue);
    CHECK(notify.length >= pci.read_common(common::kQueueNotifyOff, 2) * pci.notify_multiplier() + 4);
  }
}

TEST_CASE("Notification: what a doorbell is told does not matter, whose it is does",
          "[pci][4.1.5.2][hostile]") {
  const bool packed = GENERATE(false, true);
  CryptoDriver driver(polled_device(2),
                      {.features = feature::kVersion1 | feature::kNotificationData, .packed = packed});
  const auto [value, width] = GENERATE(table<std::uint32_t, unsigned>(
      {{0, 2}, {1, 2}, {0xFFFF, 2}, {0, 4}, {0xFFFF'FFFF, 4}, {0x8000'0001, 4}, {2, 1}}));
  const std::uint64_t kicks = driver.device().stats().kicks;
  driver.pci().write_doorbell(1, value, width);  // nothing there: harmless
  driver.pump(0);
  CHECK(driver.device().stats().kicks == kicks + 1);
  // A chain on queue 0, and only doorbells tell of it.
  const Buffer in = driver.memory().allocate(72);
  const Buffer out = driver.memory().allocate(1);
  REQUIRE(driver.any_ring(0).add(std::vector<Segment>{{in.address, 72, false}, {out.address, 1, true}}));
  driver.pci().write_doorbell(1, value, width);
  driver.device().run_ready();
  CHECK_FALSE(driver.any_ring(0).poll());
  driver.pci().write_doorbell(0, value, width);
  driver.device().run_ready();
  CHECK(driver.any_ring(0).poll());
}

TEST_CASE("Notification: each queue has data of its own, once that is negotiated",
          "[pci][4.1.4.3][RSVD-DRV-013]") {
  CryptoDriver driver(polled_device(3), kNotStarted);
  PciDriver& pci = driver.pci();
  const bool negotiated = GENERATE(false, true);
  REQUIRE(pci.negotiate(feature::kVersion1 | (negotiated ? feature::kNotifConfigData : 0)));
  std::set<std::uint32_t> values;
  for (std::uint16_t queue = 0; queue < 4; ++queue) {
    pci.write_common(common::kQueueSelect, 2, queue);
    const std::uint32_t value = pci.read_common(common::kQueueNotifConfigData, 2);
    CHECK((value >= 4) == negotiated);  // no index of a queue, so that one cannot pass for the other
    pci.write_common(common::kQueueNotifConfigData, 2, 7);
    CHECK(pci.read_common(common::kQueueNotifConfigData, 2) == value);
    values.insert(value);
  }
  CHECK(values.size() == (negotiated ? 4 : 1));
  pci.write_common(common::kQueueSelect, 2, 4);
  CHECK(pci.read_common(common::kQueueNotifConfigData, 2) == 0);
}

TEST_CASE("PCI: there are no administration queues", "[pci][4.1.4.3]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  REQUIRE(pci.structures().at(1).length >= common::kAdminQueueNum + 2);
  for (const std::uint32_t offset : {common::kAdminQueueIndex, common::kAdminQueueNum}) {
    pci.write_common(offset, 2, 0xFFFF);
    CHECK(pci.read_common(offset, 2) == 0);
  }
}
