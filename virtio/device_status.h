// The device status field and feature negotiation as a state machine (VIRTIO 1.4, 2.1, 2.2, 3.1), for any
// transport.
#pragma once

#include <cstdint>

#include "virtcrypt/virtio/features.h"

namespace virtcrypt::virtio {

// 2.1: bits of the field. linux/virtio_config.h has the same numbers as macros.
enum StatusBit : std::uint8_t {
  kAcknowledge = VIRTIO_CONFIG_S_ACKNOWLEDGE,
  kDriver = VIRTIO_CONFIG_S_DRIVER,
  kDriverOk = VIRTIO_CONFIG_S_DRIVER_OK,
  kFeaturesOk = VIRTIO_CONFIG_S_FEATURES_OK,
  kNeedsReset = VIRTIO_CONFIG_S_NEEDS_RESET,
  kFailed = VIRTIO_CONFIG_S_FAILED,
};

// What a write to the field asks of the transport.
enum class StatusAction : std::uint8_t {
  kNone,
  kReset,     // zero was written
  kActivate,  // DRIVER_OK was set
};

// Thread-safety: none; the transport's lock.
class DeviceStatus {
 public:
  [[nodiscard]] std::uint8_t value() const { return value_; }
  [[nodiscard]] bool has(StatusBit bit) const { return (value_ & bit) != 0; }

  // Takes the bits of `written` that the driver may set now, in the order of 3.1.1. Bits are never taken away
  // by anything but a reset, DEVICE_NEEDS_RESET is the device's own, and bits that 2.1 does not define are
  // ignored.
  //
  //   requested     granted when
  //   ACKNOWLEDGE   always
  //   DRIVER        ACKNOWLEDGE is set
  //   FEATURES_OK   DRIVER is set and the features are acceptable
  //   DRIVER_OK     FEATURES_OK is set
  //   FAILED        always
  //
  // `features_acceptable` is consulted when FEATURES_OK is newly requested.
  [[nodiscard]] StatusAction write(std::uint8_t written, bool features_acceptable);

  void set_needs_reset() { value_ |= kNeedsReset; }
  void clear() { value_ = 0; }

 private:
  bool grant(std::uint8_t written, StatusBit bit, bool allowed);

  std::uint8_t value_ = 0;
};

}  // namespace virtcrypt::virtio
