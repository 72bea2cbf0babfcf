#include "virtcrypt/virtio/driver_check/init_check.h"

#include <array>

#include "virtcrypt/virtio/device_status.h"

namespace virtcrypt::virtio {
namespace {

constexpr std::uint8_t kSuspend = 16;  // 2.1; linux/virtio_config.h lacks it
constexpr unsigned kSrIov = 37;        // 6
constexpr unsigned kSuspendFeature = 43;

constexpr std::array kSteps{kAcknowledge, kDriver, kFeaturesOk, kDriverOk};
constexpr std::uint8_t kDriversBits = kAcknowledge | kDriver | kFeaturesOk | kDriverOk | kFailed;

std::string status_evidence(std::uint8_t value, const DriverView& before) {
  return evidence_text("device_status written as ", hex(value), " while it was ", hex(before.status));
}

}  // namespace

void InitCheck::step(std::string_view statement, bool is_kept, std::string_view evidence) {
  now_.steps_kept = now_.steps_kept && is_kept;
  verdicts_.judge(statement, is_kept, [&] { return std::string(evidence); });
}

void InitCheck::status_written(std::uint8_t value, const DriverView& before, const DriverView& after) {
  status_ = after.status;
  if (value == 0) return restarted(before);
  begun_anew(value, before);
  const auto evidence = [&] { return status_evidence(value, before); };
  const auto cleared = static_cast<std::uint8_t>(before.status & kDriversBits & ~value);
  verdicts_.judge("STATUS-DRV-002", cleared == 0, evidence);
  const bool suspends = (value & ~before.status & kSuspend) != 0;
  verdicts_.judge("SUSP-DRV-001",
                  !suspends || ((before.status & kDriverOk) && before.accepted.has_bit(kSuspendFeature)),
                  evidence);
  judge_failed(value, before);
  judge_order(value, before);
  const auto newly = static_cast<std::uint8_t>(value & ~before.status);
  const bool with_acknowledge = ((value | before.status) & kAcknowledge) != 0;
  const bool with_driver = ((value | before.status) & kDriver) != 0;
  if (newly & kAcknowledge)
    step("INIT-DRV-002", reset_written_, "ACKNOWLEDGE set, and device_status was never written as 0 before");
  if (newly & kDriver) step("INIT-DRV-003", with_acknowledge, evidence());
  if (newly & kFeaturesOk) {
    step("INIT-DRV-004", with_driver, evidence());
    judge_features(before);
    now_.features_ok_written = true;
    now_.features_ok_read = false;
    refused_ = (after.status & kFeaturesOk) == 0;
  }
  if (newly & kDriverOk) judge_driver_ok(value, before);
}

void InitCheck::begun_anew(std::uint8_t value, const DriverView& before) {
  if (!must_read_zero_ || value == 0) return;
  must_read_zero_ = false;
  for (const char* statement : {"RESET-DRV-001", "PCI-DRV-019"}) {
    verdicts_.judge(statement, read_zero_, [&] {
      return evidence_text(status_evidence(value, before),
                           ": device_status was not read as 0 since the reset");
    });
  }
}

// Each bit comes after those of the earlier steps, or with them.
void InitCheck::judge_order(std::uint8_t value, const DriverView& before) {
  const auto set = static_cast<std::uint8_t>(value | before.status);
  bool gap = false;
  bool in_order = true;
  for (const StatusBit bit : kSteps) {
    if ((value & ~before.status & bit) != 0 && gap) in_order = false;
    if ((set & bit) == 0) gap = true;
  }
  if ((value & ~before.status & kDriversBits & ~kFailed) == 0) return;
  verdicts_.judge("STATUS-DRV-001", in_order, [&] { return status_evidence(value, before); });
  now_.steps_kept = now_.steps_kept && in_order;
}

void InitCheck::judge_failed(std::uint8_t value, const DriverView& before) {
  const auto newly = static_cast<std::uint8_t>(value & ~before.status);
  if (newly & kFailed) {
    if ((before.status & kDriverOk) == 0) verdicts_.keep("INIT-DRV-013");
    if (refused_) verdicts_.keep("FEAT-DRV-007");
    refused_ = false;
  }
  if ((before.status & kFailed) == 0) return;
  const auto evidence = [&] { return status_evidence(value, before); };
  if ((value & kFailed) == 0) verdicts_.violate("STATUS-DRV-003", evidence());
  if (newly & (kAcknowledge | kDriver | kFeaturesOk | kDriverOk)) {
    now_.progressed_after_failed = true;
    verdicts_.violate("INIT-DRV-014", evidence());
  }
}

void InitCheck::judge_acceptance(std::string_view statement, Feature feature, const DriverView& before) {
  if (!before.offered.has(feature)) return;
  verdicts_.judge(statement, before.accepted.has(feature), [&] {
    return evidence_text(name_of(feature), " is offered (", hex(before.offered.bits()),
                         ") and not accepted (", hex(before.accepted.bits()), ")");
  });
}

void InitCheck::judge_features(const DriverView& before) {
  const auto evidence = [&] {
    return evidence_text("accepted ", hex(before.accepted.bits()),
                         before.accepted_beyond ? " and bits above 63" : "", ", offered ",
                         hex(before.offered.bits()));
  };
  const bool within = before.accepted.is_subset_of(before.offered) && !before.accepted_beyond;
  verdicts_.judge("FEAT-DRV-001", within, evidence);
  if (within) verdicts_.judge("FEAT-DRV-002", before.makes_sense, evidence);
  verdicts_.judge("FEAT-DRV-005", before.accepted.is_subset_of(defined_) && !before.accepted_beyond,
                  evidence);
  judge_acceptance("RSVD-DRV-001", Feature::kVersion1, before);
  judge_acceptance("RSVD-DRV-003", Feature::kAccessPlatform, before);
  judge_acceptance("RSVD-DRV-006", Feature::kRingPacked, before);
  judge_acceptance("RSVD-DRV-007", Feature::kOrderPlatform, before);
  judge_acceptance("RSVD-DRV-013", Feature::kNotifConfigData, before);
  verdicts_.judge("RSVD-DRV-010", !before.accepted.has_bit(kSrIov), evidence);
  step("INIT-DRV-005", now_.features_read && now_.features_written && !now_.features_written_unread,
       !now_.features_read      ? "FEATURES_OK set, and device_feature was not read"
       : !now_.features_written ? "FEATURES_OK set, and driver_feature was not written"
                                : "driver_feature was written before device_feature was read");
  if (!now_.config_written_early) verdicts_.keep("INIT-DRV-011");
}

// Before the driver relies on what was negotiated.
void InitCheck::judge_features_ok_seen() {
  if (now_.features_ok_judged || !now_.features_ok_written) return;
  now_.features_ok_judged = true;
  step("INIT-DRV-007", now_.features_ok_read,
       "went on behind FEATURES_OK, and device_status was not read with that bit set");
}

void InitCheck::judge_driver_ok(std::uint8_t value, const DriverView& before) {
  now_.features_ok_written = now_.features_ok_written || (value & kFeaturesOk) != 0;
  step("INIT-DRV-006", now_.features_ok_written, status_evidence(value, before));
  judge_features_ok_seen();
  step("INIT-DRV-008", before.enabled_queues > 0 && !now_.queue_enabled_early,
       now_.queue_enabled_early ? "a queue was enabled before FEATURES_OK"
                                : "DRIVER_OK set, and no queue was enabled");
  verdicts_.keep("INIT-DRV-009");
  if (!now_.features_changed_late) verdicts_.keep("INIT-DRV-012");
  verdicts_.judge("INIT-DRV-001", now_.steps_kept, [] {
    return std::string("a step was left out or came too early: see the other statements of this chapter");
  });
}

void InitCheck::restarted(const DriverView& before) {
  if (before.status & kFailed) {
    verdicts_.keep("STATUS-DRV-003");
    if (!now_.progressed_after_failed) verdicts_.keep("INIT-DRV-014");
  }
  leave_attempt();
  now_ = Attempt();
  reset_written_ = must_read_zero_ = true;
  read_zero_ = false;
}

void InitCheck::status_read(std::uint8_t value) {
  if (value == 0) read_zero_ = true;
  if (now_.features_ok_written && (value & kFeaturesOk) != 0) now_.features_ok_read = true;
}

void InitCheck::features_written(std::uint32_t select, std::uint32_t value, const DriverView& before) {
  now_.features_written = true;
  if (!now_.features_read) now_.features_written_unread = true;
  const auto evidence = [&] {
    return evidence_text("driver_feature word ", select, " written as ", hex(value), " with device_status ",
                         hex(before.status));
  };
  if ((before.status & kFailed) != 0) {
    now_.progressed_after_failed = true;
    verdicts_.violate("INIT-DRV-014", evidence());
  }
  if ((before.status & kFeaturesOk) == 0 || value == before.accepted.word(select)) return;
  now_.features_changed_late = true;
  verdicts_.violate("INIT-DRV-012", evidence());
}

void InitCheck::device_config_written(std::uint64_t offset) {
  if ((status_ & kFeaturesOk) != 0) return;
  now_.config_written_early = true;
  verdicts_.violate("INIT-DRV-011", evidence_text("device configuration written at offset ", offset,
                                                  " with device_status ", hex(status_)));
}

void InitCheck::queue_enabled(const DriverView& before) {
  if ((before.status & kFeaturesOk) == 0) now_.queue_enabled_early = true;
  if ((before.status & kFailed) != 0) {
    now_.progressed_after_failed = true;
    verdicts_.violate("INIT-DRV-014", evidence_text("queue ", before.queue_select,
                                                    " enabled with device_status ", hex(before.status)));
  }
  judge_features_ok_seen();
}

void InitCheck::notified(QueueIndex queue) {
  const bool live = (status_ & kDriverOk) != 0;
  if (!live) now_.notified_early = true;
  verdicts_.judge("INIT-DRV-015", live, [&] {
    return evidence_text("queue ", to_integer(queue), " notified with device_status ", hex(status_));
  });
}

void InitCheck::leave_attempt() {
  if (now_.notified_early && (status_ & kDriverOk) == 0)
    verdicts_.violate("INIT-DRV-009", "queues were notified, and DRIVER_OK was never set");
}

void InitCheck::finish() {
  leave_attempt();
  now_ = Attempt();
  if (!refused_) return;
  refused_ = false;
  for (const char* statement : {"INIT-DRV-013", "FEAT-DRV-007"})
    verdicts_.violate(statement,
                      "the device did not take FEATURES_OK, and the driver has neither set FAILED nor tried "
                      "other features");
}

}  // namespace virtcrypt::virtio
