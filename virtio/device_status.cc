#include "virtcrypt/virtio/device_status.h"

namespace virtcrypt::virtio {

bool DeviceStatus::grant(std::uint8_t written, StatusBit bit, bool allowed) {
  const bool newly = (written & bit) != 0 && !has(bit) && allowed;
  if (newly) value_ |= bit;
  return newly;
}

StatusAction DeviceStatus::write(std::uint8_t written, bool features_acceptable) {
  if (written == 0) return StatusAction::kReset;
  grant(written, kAcknowledge, true);
  grant(written, kDriver, has(kAcknowledge));
  grant(written, kFeaturesOk, has(kDriver) && features_acceptable);
  const bool activate = grant(written, kDriverOk, has(kFeaturesOk) && !has(kFailed));
  grant(written, kFailed, true);
  return activate ? StatusAction::kActivate : StatusAction::kNone;
}

}  // namespace virtcrypt::virtio
