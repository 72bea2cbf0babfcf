#include "virtcrypt/virtio/device_status.h"

#include "tests/support/catch.h"

using virtcrypt::virtio::DeviceStatus;
using virtcrypt::virtio::StatusAction;

TEST_CASE("DeviceStatus: the driver's steps in the order of 3.1.1", "[virtio][status][3.1.1]") {
  DeviceStatus status;
  CHECK(status.write(1, false) == StatusAction::kNone);
  CHECK(status.value() == 1);
  CHECK(status.write(3, false) == StatusAction::kNone);
  CHECK(status.value() == 3);
  CHECK(status.write(11, true) == StatusAction::kNone);
  CHECK(status.value() == 11);
  CHECK(status.write(15, true) == StatusAction::kActivate);
  CHECK(status.value() == 15);
}

TEST_CASE("DeviceStatus: unacceptable features leave FEATURES_OK clear", "[virtio][status][FEAT-DEV-003]") {
  DeviceStatus status;
  (void)status.write(3, true);
  CHECK(status.write(11, false) == StatusAction::kNone);
  CHECK(status.value() == 3);
  CHECK(status.write(15, false) == StatusAction::kNone);  // no DRIVER_OK without it
  CHECK(status.value() == 3);
}

TEST_CASE("DeviceStatus: steps out of order are not taken", "[virtio][status][3.1.1]") {
  DeviceStatus status;
  CHECK(status.write(2, true) == StatusAction::kNone);
  CHECK(status.value() == 0);
  CHECK(status.write(8, true) == StatusAction::kNone);
  CHECK(status.value() == 0);
  CHECK(status.write(5, true) == StatusAction::kNone);
  CHECK(status.value() == 1);
}

TEST_CASE("DeviceStatus: bits stay until a reset", "[virtio][status][2.1.1]") {
  DeviceStatus status;
  (void)status.write(15, true);
  CHECK(status.write(1, true) == StatusAction::kNone);
  CHECK(status.value() == 15);
  CHECK(status.write(15, true) == StatusAction::kNone);  // no second activation
  CHECK(status.write(0, true) == StatusAction::kReset);
}

TEST_CASE("DeviceStatus: DEVICE_NEEDS_RESET is the device's own", "[virtio][status][2.1.2]") {
  DeviceStatus status;
  (void)status.write(0x41, true);
  CHECK(status.value() == 1);
  status.set_needs_reset();
  (void)status.write(1, true);
  CHECK(status.value() == 0x41);
}

TEST_CASE("DeviceStatus: FAILED is remembered and bars DRIVER_OK", "[virtio][status][2.1]") {
  DeviceStatus status;
  (void)status.write(11, true);
  (void)status.write(0x8B, true);
  CHECK(status.value() == 0x8B);
  CHECK(status.write(0x8F, true) == StatusAction::kNone);
  CHECK(status.value() == 0x8B);
}

TEST_CASE("DeviceStatus: bits that are not defined are ignored", "[virtio][status][2.1]") {
  DeviceStatus status;
  (void)status.write(0x31, true);
  CHECK(status.value() == 1);
}
