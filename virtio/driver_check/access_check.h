// Judges how a driver accesses registers, configuration space and doorbells (VIRTIO 1.4, 2.5.1, 4.1.3.1,
// 4.1.4, 4.1.5.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/driver_observer.h"

namespace virtcrypt::virtio {

// Thread-safety: the owner's lock.
class AccessCheck {
 public:
  // `config_fields`: bytes of each field of device configuration, one behind the other; a 64-bit one as two
  // halves.
  AccessCheck(DriverVerdicts& verdicts, std::vector<std::size_t> config_fields)
      : verdicts_(verdicts), config_fields_(std::move(config_fields)) {}

  // True when the access is of one register in its natural width.
  bool common(const RegisterAccess& access, bool is_write);
  void device_config_read(const RegisterAccess& access);
  void device_config_written(const RegisterAccess& access) { judge_device_config_width(access); }
  void isr_read(bool msix_enabled);
  void interrupted(bool by_config_change, bool msix);
  void notified(QueueIndex queue, const RegisterAccess& access, std::uint16_t config_data,
                FeatureSet negotiated);
  void capability_written(std::uint16_t offset, std::uint32_t value);
  void window_used(unsigned bar, std::uint64_t offset, std::uint64_t length, bool in_structure);

 private:
  void judge_device_config_width(const RegisterAccess& access);
  void judge_generation(const RegisterAccess& access, bool is_write);

  DriverVerdicts& verdicts_;
  const std::vector<std::size_t> config_fields_;
  // Fields of device configuration are read between two looks at config_generation.
  bool generation_read_ = false;
  bool fields_read_ = false;  // since
  // MSI-X messages of queues and of configuration changes since the ISR was last read.
  bool queue_interrupt_ = false;
  bool config_interrupt_ = false;
};

}  // namespace virtcrypt::virtio
