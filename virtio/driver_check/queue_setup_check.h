// Judges how a driver sets queues and interrupt vectors up, and resets queues, through the common
// configuration structure (VIRTIO 1.4, 2.6.1, 4.1.4.3.2, 4.1.5.1.2).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/driver_observer.h"

namespace virtcrypt::virtio {

// Thread-safety: the owner's lock.
class QueueSetupCheck {
 public:
  explicit QueueSetupCheck(DriverVerdicts& verdicts) : verdicts_(verdicts) {}

  // Registers of the selected queue, by their offset in the structure, and config_msix_vector.
  void written(const RegisterAccess& access, const DriverView& before);
  void read(const RegisterAccess& access, const DriverView& view);
  void driver_ok();
  void reset();

 private:
  struct QueueState {
    bool descriptor_area = false;  // written since the queue was last reset, as the others
    bool driver_area = false;
    bool device_area = false;
    bool reset_asked = false;  // and queue_reset was not read as 0 since
    bool was_reset = false;    // since it was last enabled
  };

  void size_written(std::uint64_t value, const DriverView& before);
  void vector_written(std::uint64_t value, std::optional<std::uint16_t> queue, const DriverView& before);
  void enable_written(std::uint64_t value, QueueState& queue, const DriverView& before);
  void judge_reset_seen(QueueState& queue, const DriverView& before);
  void unconfirmed(const char* when);

  DriverVerdicts& verdicts_;
  std::map<std::uint16_t, QueueState> queues_;  // no more than the device has
  // A vector was written and not read back yet; nothing in it: the one of configuration changes.
  bool vector_pending_ = false;
  std::optional<std::uint16_t> vector_queue_;
};

}  // namespace virtcrypt::virtio
