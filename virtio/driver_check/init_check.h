// Judges how a driver initializes its device: status, features, and the order of the steps (VIRTIO 1.4, 2.1,
// 2.2, 2.4, 3.1, 6).
#pragma once

#include <cstdint>
#include <string_view>

#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/driver_observer.h"

namespace virtcrypt::virtio {

// Thread-safety: the owner's lock.
class InitCheck {
 public:
  // `defined`: the feature bits that the specification defines for this type of device.
  InitCheck(DriverVerdicts& verdicts, FeatureSet defined) : verdicts_(verdicts), defined_(defined) {}

  void status_written(std::uint8_t value, const DriverView& before, const DriverView& after);
  // device_status was written while a reset was under way, or as the first thing behind it.
  void begun_anew(std::uint8_t value, const DriverView& before);
  void status_read(std::uint8_t value);
  void offered_read() { now_.features_read = true; }
  void features_written(std::uint32_t select, std::uint32_t value, const DriverView& before);
  void device_config_written(std::uint64_t offset);
  void queue_enabled(const DriverView& before);
  void notified(QueueIndex queue);

  void reset_done() { status_ = 0; }

  // The driver does nothing more.
  void finish();

 private:
  // What was seen since the last reset.
  struct Attempt {
    bool features_read = false;
    bool features_written = false;
    bool features_written_unread = false;
    bool features_ok_written = false;
    bool features_ok_read = false;  // device_status was read since, and showed it
    bool features_ok_judged = false;
    bool config_written_early = false;
    bool features_changed_late = false;
    bool queue_enabled_early = false;
    bool progressed_after_failed = false;
    bool steps_kept = true;
    bool notified_early = false;
  };

  void restarted(const DriverView& before);
  void leave_attempt();
  void step(std::string_view statement, bool is_kept, std::string_view evidence);
  void judge_order(std::uint8_t value, const DriverView& before);
  void judge_features(const DriverView& before);
  void judge_driver_ok(std::uint8_t value, const DriverView& before);
  void judge_acceptance(std::string_view statement, Feature feature, const DriverView& before);
  void judge_failed(std::uint8_t value, const DriverView& before);
  void judge_features_ok_seen();

  DriverVerdicts& verdicts_;
  const FeatureSet defined_;
  std::uint8_t status_ = 0;
  bool reset_written_ = false;   // since power-on
  bool must_read_zero_ = false;  // a reset was asked for and nothing was initialized since
  bool read_zero_ = false;
  Attempt now_;
  // Over resets: the device has refused the features, and the driver has neither said that it gives up nor
  // tried again.
  bool refused_ = false;
};

}  // namespace virtcrypt::virtio
