// Virtio over PCI (VIRTIO 1.4, 4.1), seen from the driver's side of the function.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

const DriverOptions kNotStarted{.start = false};

}  // namespace

TEST_CASE("PCI: the function says what it is", "[pci][4.1.2][PCI-DEV-002][PCI-DEV-003]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  virtio::pci::Function& function = driver.function();
  CHECK(function.config_read(0x00, 2) == 0x1AF4);
  CHECK(function.config_read(0x02, 2) == 0x1054);
  CHECK(function.config_read(0x08, 1) >= 1);           // PCI-DEV-006
  CHECK(function.config_read(0x2E, 2) >= 0x40);        // PCI-DEV-007
  CHECK(function.config_read(0x0E, 1) == 0);           // type 0, one function
  CHECK(function.config_read(0x3D, 1) == 1);           // INTA#
  CHECK((function.config_read(0x06, 2) & 0x10) != 0);  // has capabilities
}

TEST_CASE("PCI: read-only registers of the header stay what they are", "[pci]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  virtio::pci::Function& function = driver.function();
  for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{0x00, 0x06, 0x08, 0x2C, 0x34}) {
    const std::uint32_t before = function.config_read(offset, 2);
    function.config_write(offset, 2, ~before);
    CHECK(function.config_read(offset, 2) == before);
  }
}

TEST_CASE("PCI: all structures are there and inside their BARs", "[pci][4.1.4]") {
  CryptoDriver driver(polled_device(4), kNotStarted);
  const auto& structures = driver.pci().structures();
  const auto bars = driver.function().bars();
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{1, 2, 3, 4, 5}) {
    REQUIRE(structures.count(type) == 1);
    if (type == 5) continue;
    const auto& structure = structures.at(type);
    const auto bar =
        std::find_if(bars.begin(), bars.end(), [&](const auto& info) { return info.bar == structure.bar; });
    REQUIRE(bar != bars.end());
    CHECK(std::uint64_t{structure.offset} + structure.length <= bar->size);
    CHECK(structure.offset % 4 == 0);
  }
  CHECK(structures.at(1).length >= 64);  // up to admin_queue_num (4.1.4.3)
  CHECK(structures.at(4).length == 56);
}

TEST_CASE("PCI: a legacy driver finds nothing to drive",
          "[pci][4.1.2][PCI-DEV-005][PCI-DEV-006][PCI-DEV-007]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  virtio::pci::Function& function = driver.function();
  // Legacy and transitional devices are 0x1000 to 0x103F, of revision 0; their registers are in an I/O BAR 0.
  CHECK(function.config_read(0x02, 2) >= 0x1040);
  CHECK(function.config_read(0x02, 2) <= 0x107F);
  CHECK(function.config_read(0x08, 1) >= 1);
  CHECK(function.config_read(0x2E, 2) >= 0x40);
  for (const auto& bar : function.bars())
    CHECK((function.config_read(static_cast<std::uint16_t>(0x10 + 4 * bar.bar), 4) & 1) == 0);
  function.config_write(0x04, 2, 0x7);
  CHECK((function.config_read(0x04, 2) & 0x1) == 0);  // no I/O space to enable
  // And a driver that does not know VERSION_1 is turned away.
  CHECK_FALSE(driver.pci().negotiate(feature::kIndirectDesc));
}

TEST_CASE("PCI: BARs tell their size and remember their address", "[pci]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  virtio::pci::Function& function = driver.function();
  driver.pci().set_command(0);
  for (const auto& bar : function.bars()) {
    const auto low = static_cast<std::uint16_t>(0x10 + 4 * bar.bar);
    function.config_write(low, 4, 0xFFFF'FFFF);
    function.config_write(static_cast<std::uint16_t>(low + 4), 4, 0xFFFF'FFFF);
    const std::uint64_t mask = (function.config_read(low, 4) & ~0xFU) |
                               std::uint64_t{function.config_read(static_cast<std::uint16_t>(low + 4), 4)}
                                   << 32;
    CHECK(~mask + 1 == bar.size);
    CHECK((function.config_read(low, 4) & 0xF) == 0x4);
    function.config_write(low, 4, 0x8000'0000);
    function.config_write(static_cast<std::uint16_t>(low + 4), 4, 0x1);
    CHECK((function.config_read(low, 4) & ~0xFU) == 0x8000'0000);
    CHECK(function.config_read(static_cast<std::uint16_t>(low + 4), 4) == 1);
  }
}

TEST_CASE("PCI: BARs decode while memory space is on, and follow moves", "[pci]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  virtio::pci::Function& function = driver.function();
  CHECK(driver.slot().mappings().empty());  // enabled, but no address yet
  function.config_write(0x10, 4, 0xC000'0000);
  REQUIRE(driver.slot().mappings().count(0) == 1);
  CHECK(driver.slot().mappings().at(0).base == 0xC000'0000);
  function.config_write(0x10, 4, 0xC100'0000);
  CHECK(driver.slot().mappings().at(0).base == 0xC100'0000);
  function.config_write(0x14, 4, 0x40);
  CHECK(driver.slot().mappings().at(0).base == 0x40'C100'0000);
  driver.pci().set_command(0x4);
  CHECK(driver.slot().mappings().empty());
  driver.pci().set_command(0x6);
  CHECK(driver.slot().mappings().at(0).base == 0x40'C100'0000);
}

TEST_CASE("PCI: a register is read and written in parts of any width", "[pci][4.1.3]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  pci.add_status(status::kAcknowledge);
  pci.write_common(common::kQueueSelect, 2, 0);
  pci.write_common(common::kQueueDesc, 4, 0x1122'3344);
  pci.write_common(common::kQueueDesc + 4, 4, 0x5566'7788);
  CHECK(pci.read_common(common::kQueueDesc + 4, 4) == 0x5566'7788);  // PCI-DEV-008
  CHECK(pci.read_common(common::kQueueDesc + 1, 1) == 0x33);
  CHECK(pci.read_common(common::kQueueDesc + 2, 4) == 0x7788'1122);
  pci.write_common(common::kQueueDesc + 3, 1, 0xAB);
  CHECK(pci.read_common(common::kQueueDesc, 4) == 0xAB22'3344);
  pci.write_common(common::kQueueDesc + 2, 4, 0xDDCC'BBAA);
  CHECK(pci.read_common(common::kQueueDesc, 4) == 0xBBAA'3344);
  CHECK(pci.read_common(common::kQueueDesc + 4, 4) == 0x5566'DDCC);
}

TEST_CASE("PCI: queues have a size, a doorbell and an end", "[pci][4.1.4.3][PCI-DEV-026][PCI-DEV-027]") {
  CryptoDriver driver(polled_device(3), kNotStarted);
  PciDriver& pci = driver.pci();
  CHECK(pci.read_common(common::kNumQueues, 2) == 4);
  for (std::uint16_t queue = 0; queue < 4; ++queue) {
    pci.write_common(common::kQueueSelect, 2, queue);
    CHECK(pci.read_common(common::kQueueSize, 2) == 256);
    CHECK(pci.read_common(common::kQueueNotifyOff, 2) == queue);
    CHECK(pci.read_common(common::kQueueVector, 2) == 0xFFFF);
    CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
  }
  for (const std::uint32_t queue : {4U, 0xFFFFU}) {
    pci.write_common(common::kQueueSelect, 2, queue);
    CHECK(pci.read_common(common::kQueueSize, 2) == 0);
    pci.write_common(common::kQueueSize, 2, 16);
    pci.write_common(common::kQueueEnable, 2, 1);
    pci.write_common(common::kQueueVector, 2, 0);
    pci.write_common(common::kQueueDesc, 4, 0x1000);
    CHECK(pci.read_common(common::kQueueSize, 2) == 0);
    CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
    CHECK(pci.read_common(common::kQueueVector, 2) == 0xFFFF);
  }
}

TEST_CASE("PCI: a split queue has a power of two up to the maximum as its size",
          "[pci][4.1.4.3][PCI-DEV-027]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(feature::kVersion1));
  pci.write_common(common::kQueueSize, 2, 64);
  CHECK(pci.read_common(common::kQueueSize, 2) == 64);
  const std::uint32_t bad = GENERATE(0U, 3U, 65U, 255U, 512U, 32768U, 65535U);
  pci.write_common(common::kQueueSize, 2, bad);
  CHECK(pci.read_common(common::kQueueSize, 2) == 64);
}

TEST_CASE("PCI: a packed queue has any size up to the maximum", "[pci][packed][4.1.4.3]") {
  devices::crypto_dev::DeviceOptions options = polled_device();
  options.queue_size = 300;
  CryptoDriver driver(options, kNotStarted);
  PciDriver& pci = driver.pci();
  // Until RING_PACKED is negotiated, not only accepted, a power of two is shown.
  CHECK(pci.read_common(common::kQueueSize, 2) == 256);
  pci.set_driver_features(feature::kVersion1 | feature::kRingPacked);
  CHECK(pci.read_common(common::kQueueSize, 2) == 256);
  REQUIRE(pci.negotiate(feature::kVersion1 | feature::kRingPacked));
  CHECK(pci.read_common(common::kQueueSize, 2) == 300);
  for (const std::uint32_t good : {1U, 2U, 3U, 255U, 257U, 299U, 300U}) {
    pci.write_common(common::kQueueSize, 2, good);
    CHECK(pci.read_common(common::kQueueSize, 2) == good);
  }
  for (const std::uint32_t bad : {0U, 301U, 512U, 32768U, 65535U}) {
    pci.write_common(common::kQueueSize, 2, bad);
    CHECK(pci.read_common(common::kQueueSize, 2) == 300);
  }
}

TEST_CASE("PCI: a split driver that keeps the size it finds gets a queue",
          "[pci][split][4.1.4.3][PCI-DEV-027]") {
  devices::crypto_dev::DeviceOptions options = polled_device();
  options.queue_size = GENERATE(as<std::uint16_t>{}, 1, 100, 32767, 32768);
  CryptoDriver driver(options, kNotStarted);
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(feature::kVersion1 | feature::kIndirectDesc));
  const auto size = static_cast<std::uint16_t>(pci.read_common(common::kQueueSize, 2));
  CHECK(size > options.queue_size / 2);
  CHECK(size <= options.queue_size);
  SplitRing ring(driver.memory(), size, false);
  pci.write_common(common::kQueueSelect, 2, 1);
  pci.write_common(common::kQueueDesc, 4, static_cast<std::uint32_t>(ring.descriptor_area()));
  pci.write_common(common::kQueueDriver, 4, static_cast<std::uint32_t>(ring.driver_area()));
  pci.write_common(common::kQueueDevice, 4, static_cast<std::uint32_t>(ring.device_area()));
  pci.write_common(common::kQueueEnable, 2, 1);
  CHECK(pci.read_common(common::kQueueSize, 2) == size);
  pci.add_status(status::kDriverOk);
  const Buffer in = driver.memory().allocate(72);
  const Buffer out = driver.memory().allocate(16);
  REQUIRE(ring.add(std::vector<Segment>{{in.address, 72, false}, {out.address, 16, true}}, true));
  driver.device().run_ready();
  CHECK(ring.used_index() == 1);
}

TEST_CASE("PCI: an enabled queue cannot be configured any more", "[pci][4.1.4.3]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  pci.write_common(common::kQueueSelect, 2, 0);
  const std::uint32_t before = pci.read_common(common::kQueueDesc, 4);
  pci.write_common(common::kQueueDesc, 4, 0);
  pci.write_common(common::kQueueSize, 2, 2);
  pci.write_common(common::kQueueEnable, 2, 0);
  CHECK(pci.read_common(common::kQueueDesc, 4) == before);
  CHECK(pci.read_common(common::kQueueSize, 2) == 64);
  CHECK(pci.read_common(common::kQueueEnable, 2) == 1);
}

TEST_CASE("PCI: a queue is fixed from its enabling on, not only from DRIVER_OK", "[pci][4.1.4.3]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(feature::kVersion1));
  pci.write_common(common::kQueueDesc, 4, 0x2000);
  for (const std::uint32_t not_one : {0U, 2U, 0xFFFFU}) {
    pci.write_common(common::kQueueEnable, 2, not_one);
    CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
  }
  pci.write_common(common::kQueueEnable, 2, 1);
  CHECK(pci.read_common(common::kQueueEnable, 2) == 1);
  pci.write_common(common::kQueueDesc, 4, 0x3000);
  pci.write_common(common::kQueueSize, 2, 16);
  CHECK(pci.read_common(common::kQueueDesc, 4) == 0x2000);
  CHECK(pci.read_common(common::kQueueSize, 2) == 256);
}

TEST_CASE("PCI: a vector outside the table reads back as NO_VECTOR", "[pci][PCI-DEV-065][PCI-DEV-068]") {
  CryptoDriver driver(polled_device(2), kNotStarted);
  PciDriver& pci = driver.pci();
  // Two data queues, the control queue, and configuration changes: four vectors.
  const std::uint32_t size =
      (driver.function().config_read(static_cast<std::uint16_t>(pci.msix_capability() + 2), 2) & 0x7FF) + 1;
  CHECK(size == 4);
  for (std::uint32_t vector = 0; vector < size; ++vector) {
    pci.write_common(common::kConfigVector, 2, vector);
    CHECK(pci.read_common(common::kConfigVector, 2) == vector);
    pci.write_common(common::kQueueVector, 2, vector);
    CHECK(pci.read_common(common::kQueueVector, 2) == vector);
  }
  for (const std::uint32_t vector : {size, 0x7FFU, 0xFFFFU}) {
    pci.write_common(common::kConfigVector, 2, vector);
    pci.write_common(common::kQueueVector, 2, vector);
    CHECK(pci.read_common(common::kConfigVector, 2) == 0xFFFF);
    CHECK(pci.read_common(common::kQueueVector, 2) == 0xFFFF);
  }
}

TEST_CASE("PCI: a reset puts everything back", "[pci][RESET-DEV-001][PCI-DEV-020][PCI-DEV-066]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  driver.reset();
  CHECK(pci.device_status() == 0);
  CHECK(pci.read_common(common::kConfigVector, 2) == 0xFFFF);
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    pci.write_common(common::kQueueSelect, 2, queue);
    CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
    CHECK(pci.read_common(common::kQueueSize, 2) == 256);
    CHECK(pci.read_common(common::kQueueVector, 2) == 0xFFFF);
    CHECK(pci.read_common(common::kQueueDesc, 4) == 0);
  }
  pci.write_common(common::kDriverFeatureSelect, 4, 1);
  CHECK(pci.read_common(common::kDriverFeature, 4) == 0);
  REQUIRE(driver.start());
  CHECK(driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt) != 0);
}

TEST_CASE("PCI: bad ring addresses need a reset at DRIVER_OK and tell the driver",
          "[pci][STATUS-DEV-003][STATUS-DEV-004]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(feature::kVersion1));
  pci.write_common(common::kConfigVector, 2, 0);
  pci.write_common(common::kQueueSelect, 2, 0);
  pci.write_common(common::kQueueDesc, 4, 0xFEE0'0000);
  pci.write_common(common::kQueueEnable, 2, 1);
  pci.add_status(status::kDriverOk);
  CHECK((pci.device_status() & status::kNeedsReset) != 0);
  CHECK(driver.slot().signals(0) == 1);
  driver.reset();
  CHECK(driver.start());
  CHECK((pci.device_status() & status::kNeedsReset) == 0);
}

TEST_CASE("PCI: device configuration can be read with any width and not written", "[pci][4.1.4.6]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  CHECK(pci.read(4, 0, 4) == 1);  // HW_READY
  CHECK(pci.read(4, 0, 1) == 1);
  CHECK(pci.read(4, 4, 2) == 1);  // max_dataqueues
  pci.write(4, 0, 4, 0);
  pci.write(4, 4, 4, 7);
  CHECK(pci.read(4, 0, 4) == 1);
  CHECK(pci.read(4, 4, 4) == 1);
  CHECK(pci.read(4, 54, 4) == 0);  // over the end
}

TEST_CASE("PCI: the PCI_CFG capability reaches every structure", "[pci][4.1.4.9][PCI-DEV-055][PCI-DEV-056]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  const std::uint8_t cap = pci.structures().at(5).capability;
  const auto window = [&](std::uint8_t bar, std::uint32_t offset, std::uint32_t length) {
    driver.function().config_write(static_cast<std::uint16_t>(cap + 4), 1, bar);
    driver.function().config_write(static_cast<std::uint16_t>(cap + 8), 4, offset);
    driver.function().config_write(static_cast<std::uint16_t>(cap + 12), 4, length);
  };
  const auto data = static_cast<std::uint16_t>(cap + 16);
  const auto& structure = pci.structures().at(1);
  window(structure.bar, structure.offset + common::kDeviceStatus, 1);
  driver.function().config_write(data, 1, status::kAcknowledge);
  CHECK(pci.device_status() == status::kAcknowledge);
  CHECK(driver.function().config_read(data, 1) == status::kAcknowledge);
  window(structure.bar, structure.offset + common::kNumQueues, 2);
  CHECK(driver.function().config_read(data, 2) == 2);
  window(structure.bar, structure.offset + common::kDeviceStatus, 1);
  driver.function().config_write(data, 1, 0);  // a reset, too
  CHECK(pci.device_status() == 0);
  // What a driver must not program does nothing (4.1.4.9.2).
  pci.add_status(status::kAcknowledge);
  for (const auto& [bar, offset, length] :
       std::vector<std::tuple<std::uint8_t, std::uint32_t, std::uint32_t>>{{1, 0x14, 1},
                                                                           {7, 0x14, 1},
                                                                           {0, 0x14, 3},
                                                                           {0, 0x14, 8},
                                                                           {0, 0x12, 4},
                                                                           {0, 0xFFFF'FFFC, 4},
                                                                           {0, 0x14, 0}}) {
    window(bar, offset, length);
    driver.function().config_write(data, 4, 0);
    CHECK(pci.device_status() == status::kAcknowledge);
  }
}

TEST_CASE("PCI: with INTA# the ISR says why, and reading it ends the interrupt",
          "[pci][4.1.4.5][PCI-DEV-043][PCI-DEV-045]") {
  CryptoDriver driver(polled_device(), {.msix = false});
  FakeSlot& slot = driver.slot();
  CHECK_FALSE(slot.intx());
  driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt);
  CHECK(slot.intx());
  CHECK((driver.function().config_read(0x06, 2) & 0x8) != 0);  // PCI-DEV-044
  CHECK(driver.pci().read_isr() == 1);
  CHECK_FALSE(slot.intx());
  CHECK((driver.function().config_read(0x06, 2) & 0x8) == 0);
  CHECK(driver.pci().read_isr() == 0);

  driver.pci().set_command(0x406);  // interrupt disable
  driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt);
  CHECK_FALSE(slot.intx());
  driver.pci().set_command(0x6);
  CHECK(slot.intx());
}

TEST_CASE("PCI: with INTA# a device that needs reset sets the configuration bit", "[pci][PCI-DEV-042]") {
  CryptoDriver driver(polled_device(), {.msix = false});
  driver.ring(0).set_avail_index(1000);
  driver.pci().kick(0);
  REQUIRE(driver.wait_until([&] { return (driver.pci().device_status() & status::kNeedsReset) != 0; }));
  CHECK(driver.slot().intx());
  CHECK(driver.pci().read_isr() == 2);
}

TEST_CASE("PCI: every queue and the configuration have a vector of their own",
          "[pci][msix][4.1.5][PCI-DEV-063]") {
  const bool packed = GENERATE(false, true);
  CryptoDriver driver(polled_device(4), {.packed = packed});
  std::vector<unsigned> expected(6);
  const auto signals = [&] {
    std::vector<unsigned> counts;
    for (std::uint16_t vector = 0; vector < 6; ++vector)
      counts.push_back(driver.slot().signals(vector));
    return counts;
  };
  driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt);
  ++expected[5];  // the control queue is queue 4
  CHECK(signals() == expected);
  for (const std::uint16_t queue : std::vector<std::uint16_t>{2, 0, 3, 1, 1}) {
    driver.call(queue, CryptoDriver::cipher(0, 99, {}, {}));
    ++expected[1U + queue];
    CHECK(signals() == expected);
  }
  driver.device().set_ready(false);
  ++expected[0];
  CHECK(signals() == expected);
  CHECK_FALSE(driver.slot().intx());
}

TEST_CASE("PCI: NO_VECTOR means no interrupt", "[pci][msix][PCI-DEV-069][PCI-DEV-070]") {
  CryptoDriver driver(polled_device(), kNotStarted);
  PciDriver& pci = driver.pci();
  REQUIRE(driver.start());
  pci.write_common(common::kQueueSelect, 2, 1);
  pci.write_common(common::kQueueVector, 2, 0xFFFF);
  pci.write_common(common::kConfigVector, 2, 0xFFFF);
  driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt);
  driver.ring(0).set_avail_index(1000);
  pci.kick(0);
  REQUIRE(driver.wait_until([&] { return (pci.device_status() & status::kNeedsReset) != 0; }));
  for (std::uint16_t vector = 0; vector < 3; ++vector)
    CHECK(driver.slot().signals(vector) == 0);
}

TEST_CASE("MSI-X: a masked vector is pending until it is unmasked", "[pci][msix]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  const std::uint16_t vector = 2;  // control queue
  SECTION("by its own mask") {
    pci.mask_vector(vector, true);
  }
  SECTION("by the function mask") {
    pci.enable_msix(true, true);
  }
  SECTION("by a missing bus master bit") {
    pci.mask_vector(vector, true);
    pci.set_command(0x2);
    pci.mask_vector(vector, false);
    pci.set_command(0x6);
    pci.enable_msix(true, true);
  }
  CHECK_FALSE(pci.pending(vector));
  driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt);
  driver.create_cipher(wire_number::kAesCbc, Bytes(16), wire_number::kEncrypt);
  CHECK(driver.slot().signals(vector) == 0);
  CHECK(pci.pending(vector));
  pci.mask_vector(vector, false);
  pci.enable_msix(true, false);
  CHECK(driver.slot().signals(vector) == 1);
  CHECK_FALSE(pci.pending(vector));
}

TEST_CASE("MSI-X: a changed message is routed before it is sent", "[pci][msix]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  pci.mask_vector(2, true);
  pci.program_vector(2, 0x1'FEE0'1000, 0x99, false);
  REQUIRE(driver.slot().routes().count(2) == 1);
  CHECK(driver.slot().routes().at(2).address == 0x1'FEE0'1000);
  CHECK(driver.slot().routes().at(2).data == 0x99);
}

TEST_CASE("MSI-X: the table reads back and starts masked", "[pci][msix]") {
  CryptoDriver driver(polled_device(), {.msix = false, .start = false});
  virtio::pci::Function& function = driver.function();
  std::uint32_t control = 0;
  function.bar_read(2, 12, std::as_writable_bytes(std::span(&control, 1)));
  CHECK(control == 1);
  const std::uint64_t written = 0x1122'3344'FEE0'0000;
  function.bar_write(2, 16, std::as_bytes(std::span(&written, 1)));
  std::uint64_t read = 0;
  function.bar_read(2, 16, std::as_writable_bytes(std::span(&read, 1)));
  CHECK(read == written);
  // Accesses over the end of the table and to the pending bits are harmless.
  for (std::uint64_t offset = 0; offset < 0x2000; offset += 8) {
    function.bar_write(2, offset, std::as_bytes(std::span(&written, 1)));
    function.bar_read(2, offset, std::as_writable_bytes(std::span(&read, 1)));
  }
  function.bar_read(2, 0x1000, std::as_writable_bytes(std::span(&read, 1)));
  CHECK(read == 0);
}
