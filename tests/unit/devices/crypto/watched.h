// A crypto device whose driver is judged, and scenes in which it does something wrong.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "virtcrypt/devices/crypto/driver_check.h"

namespace virtcrypt::test {

struct Setup {
  bool packed = false;
  bool start = true;
  std::uint64_t more = 0;  // features, besides VERSION_1, INDIRECT_DESC and EVENT_IDX
  std::uint64_t less = 0;  // of those
  std::uint64_t offered = UINT64_MAX;
  std::uint16_t ring_size = 64;
  std::uint64_t max_size = 8U << 20U;
  std::uint32_t max_key = UINT32_MAX;
  bool ready = true;
  std::uint16_t queue_size = 256;
  std::uint16_t device_queues = 1;
  std::uint16_t data_queues = 1;
};

struct Watched {
  explicit Watched(const Setup& setup = {});

  [[nodiscard]] PciDriver& pci() { return driver.pci(); }
  void run() { driver.device().run_ready(); }
  // Ends the driver's life, and says which statements it has violated, or kept.
  [[nodiscard]] std::set<std::string> violated();
  [[nodiscard]] std::set<std::string> kept() const;
  [[nodiscard]] std::string evidence(std::string_view statement) const;

  // From reset to FEATURES_OK; to DRIVER_OK with a ring of 8 entries at these addresses as queue 0.
  void negotiate();
  void start_at(std::uint64_t descriptors, std::uint64_t driver_area, std::uint64_t device_area);
  void add_status(std::uint8_t bits) { pci().add_status(bits); }
  void write_status(std::uint32_t value) { pci().write_common(common::kDeviceStatus, 1, value); }
  // Notifies queue 0 and lets the device work.
  void kick();

  std::uint64_t features;
  virtio::DriverVerdicts verdicts;
  std::shared_ptr<devices::crypto_dev::DriverCheck> check;
  CryptoDriver driver;
};

// What a driver does, and what it violates by that; it may violate more.
struct Scene {
  std::vector<std::string> violates;
  Setup setup;
  void (*act)(Watched&);
};
[[nodiscard]] std::vector<Scene> transport_scenes();
[[nodiscard]] std::vector<Scene> ring_scenes();
[[nodiscard]] std::vector<Scene> request_scenes();

}  // namespace virtcrypt::test
