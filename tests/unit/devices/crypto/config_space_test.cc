// Device configuration space of the standard device (VIRTIO 1.4, 5.9.5), as a driver reads it.
#include <cstdint>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr std::uint32_t kStatus = 0, kMaxDataqueues = 4, kMaxSizeLow = 48, kMaxSizeHigh = 52;
constexpr std::uint32_t kHwReady = 1;
constexpr std::uint8_t kDeviceConfig = 4;

}  // namespace

TEST_CASE("Config space: status, queues and largest request", "[crypto][standard][5.9.5]") {
  CryptoDriver driver(polled_device(3));
  PciDriver& pci = driver.pci();
  CHECK(pci.read(kDeviceConfig, kStatus, 4) == kHwReady);
  CHECK(pci.read(kDeviceConfig, kMaxDataqueues, 4) == 3);
  CHECK(pci.read(kDeviceConfig, kMaxSizeLow, 4) == 8 << 20);
  CHECK(pci.read(kDeviceConfig, kMaxSizeHigh, 4) == 0);
}

TEST_CASE("Config space: HW_READY can go away and come back",
          "[crypto][standard][A-35][A-39][CRYPTO-DEV-002]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  using namespace wire_number;
  const Bytes key(16), iv(16), text(32);
  const std::uint64_t session = driver.create_cipher(kAesCbc, key, kEncrypt);
  const auto generation = [&] { return pci.read_common(common::kConfigGeneration, 1); };
  const unsigned config_vector = pci.read_common(common::kConfigVector, 2);
  const std::uint32_t before = generation();
  const unsigned signals = driver.slot().signals(static_cast<std::uint16_t>(config_vector));

  driver.device().set_ready(false);
  CHECK(pci.read(kDeviceConfig, kStatus, 4) == 0);
  CHECK(generation() != before);
  CHECK(driver.slot().signals(static_cast<std::uint16_t>(config_vector)) == signals + 1);
  CHECK((pci.read_isr() & 2) != 0);
  const Answer refused = driver.call(0, CryptoDriver::cipher(kCipherEncrypt, session, iv, text));
  CHECK(refused.status() == kErr);
  CHECK(refused.used_length == 33);
  CHECK(driver.create(CryptoDriver::cipher_create(kAesCbc, key, kEncrypt)).status == kErr);

  driver.device().set_ready(false);  // no change, nothing to tell
  CHECK(driver.slot().signals(static_cast<std::uint16_t>(config_vector)) == signals + 1);

  driver.device().set_ready(true);
  CHECK(pci.read(kDeviceConfig, kStatus, 4) == kHwReady);
  CHECK(driver.slot().signals(static_cast<std::uint16_t>(config_vector)) == signals + 2);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, session, iv, text)).status() == kOk);
}

TEST_CASE(
    "Config space: a device that is not ready says so from the start, and sends nothing before DRIVER_OK",
    "[crypto][standard][A-35]") {
  auto options = polled_device();
  options.ready = false;
  DriverOptions not_started;
  not_started.start = false;
  CryptoDriver driver(options, not_started);
  CHECK(driver.pci().read(kDeviceConfig, kStatus, 4) == 0);
  driver.device().set_ready(true);
  CHECK(driver.pci().read(kDeviceConfig, kStatus, 4) == kHwReady);
  CHECK(driver.pci().read_isr() == 0);
}
