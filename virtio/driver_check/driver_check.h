// Judges a driver by the statements about transport and virtqueues (VIRTIO 1.4, 2 to 4 and 6), as its device
// sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "virtcrypt/virtio/driver_check/access_check.h"
#include "virtcrypt/virtio/driver_check/init_check.h"
#include "virtcrypt/virtio/driver_check/queue_setup_check.h"
#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/driver_observer.h"

namespace virtcrypt::virtio {

// One for each device. Thread-safety: any thread.
class DriverCheck : public DriverObserver {
 public:
  // `defined`: the feature bits that the specification defines for this type of device. `config_fields`:
  // bytes of each field of its configuration space, one behind the other; a 64-bit one as two halves.
  // `verdicts` outlives the object.
  DriverCheck(DriverVerdicts& verdicts, FeatureSet defined, std::vector<std::size_t> config_fields)
      : verdicts_(verdicts),
        init_(verdicts, defined),
        queues_(verdicts),
        accesses_(verdicts, std::move(config_fields)) {}

  void common_read(const RegisterAccess& access, const DriverView& view) override;
  void common_written(const RegisterAccess& access, const DriverView& before,
                      const DriverView& after) override;
  void device_config_read(const RegisterAccess& access) override;
  void device_config_written(const RegisterAccess& access) override;
  void isr_read(bool msix_enabled) override;
  void notified(QueueIndex queue, const RegisterAccess& access, std::uint16_t config_data) override;
  void capability_written(std::uint16_t offset, std::uint32_t value) override;
  void window_used(unsigned bar, std::uint64_t offset, std::uint64_t length, bool in_structure) override;
  void interrupted(bool by_config_change, bool msix) override;
  void reset_done() override;
  [[nodiscard]] std::unique_ptr<RingObserver> watch_ring(QueueIndex queue, const QueueConfig& config,
                                                         const GuestMemory& memory,
                                                         FeatureSet negotiated) override;
  void ring_refused(QueueIndex queue, RingFault fault) override;

  // The driver does nothing more: judges what only its end shows. Once.
  void finish();

  // Every statement that a rule of this class can find violated.
  [[nodiscard]] static std::span<const std::string_view> statements();

 private:
  struct PackedRing {
    GuestAddress descriptors{};
    std::uint16_t size = 0;
    const GuestMemory* memory = nullptr;
  };
  void judge_next_offset(QueueIndex queue, const RegisterAccess& access);

  DriverVerdicts& verdicts_;
  std::mutex mutex_;
  // Under mutex_:
  InitCheck init_;
  QueueSetupCheck queues_;
  AccessCheck accesses_;
  FeatureSet offered_;
  FeatureSet negotiated_;
  std::uint32_t feature_select_ = 0;  // driver_feature_select
  bool capability_written_ = false;
  std::map<QueueIndex, PackedRing> packed_rings_;
};

}  // namespace virtcrypt::virtio
