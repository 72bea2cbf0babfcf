#include "virtcrypt/virtio/driver_check/driver_check.h"

#include <array>
#include <cstring>

#include <linux/virtio_pci.h>

#include "virtcrypt/virtio/device_status.h"
#include "virtcrypt/virtio/driver_check/ring_check.h"
#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/packed_queue.h"

namespace virtcrypt::virtio {
namespace {

constexpr std::string_view kStatements[] = {
    "STATUS-DRV-001", "STATUS-DRV-002", "STATUS-DRV-003", "FEAT-DRV-001",   "FEAT-DRV-002",
    "FEAT-DRV-005",   "FEAT-DRV-007",   "RESET-DRV-001",  "CFG-DRV-001",    "CFG-DRV-003",
    "VQRST-DRV-001",  "VQRST-DRV-003",  "SPLIT-DRV-001",  "SPLIT-DRV-002",  "SPLIT-DRV-004",
    "SPLIT-DRV-005",  "SPLIT-DRV-006",  "SPLIT-DRV-007",  "SPLIT-DRV-008",  "SPLIT-DRV-009",
    "SPLIT-DRV-010",  "SPLIT-DRV-011",  "SPLIT-DRV-012",  "SPLIT-DRV-014",  "SPLIT-DRV-019",
    "PACKED-DRV-001", "PACKED-DRV-002", "PACKED-DRV-003", "PACKED-DRV-004", "PACKED-DRV-006",
    "PACKED-DRV-007", "PACKED-DRV-008", "PACKED-DRV-010", "PACKED-DRV-011", "PACKED-DRV-012",
    "PACKED-DRV-013", "PACKED-DRV-014", "PACKED-DRV-015", "INIT-DRV-001",   "INIT-DRV-002",
    "INIT-DRV-003",   "INIT-DRV-004",   "INIT-DRV-005",   "INIT-DRV-006",   "INIT-DRV-007",
    "INIT-DRV-008",   "INIT-DRV-009",   "INIT-DRV-011",   "INIT-DRV-012",   "INIT-DRV-013",
    "INIT-DRV-014",   "INIT-DRV-015",   "CLEAN-DRV-001",  "SUSP-DRV-001",   "PCI-DRV-005",
    "PCI-DRV-014",    "PCI-DRV-015",    "PCI-DRV-016",    "PCI-DRV-017",    "PCI-DRV-018",
    "PCI-DRV-019",    "PCI-DRV-020",    "PCI-DRV-021",    "PCI-DRV-026",    "PCI-DRV-029",
    "PCI-DRV-030",    "PCI-DRV-031",    "PCI-DRV-035",    "PCI-DRV-036",    "PCI-DRV-038",
    "PCI-DRV-039",    "PCI-DRV-040",    "PCI-DRV-041",    "PCI-DRV-042",    "PCI-DRV-043",
    "RSVD-DRV-001",   "RSVD-DRV-003",   "RSVD-DRV-004",   "RSVD-DRV-005",   "RSVD-DRV-006",
    "RSVD-DRV-007",   "RSVD-DRV-010",   "RSVD-DRV-013",
};

}  // namespace

std::span<const std::string_view> DriverCheck::statements() {
  return kStatements;
}

void DriverCheck::common_read(const RegisterAccess& access, const DriverView& view) {
  const std::lock_guard lock(mutex_);
  if (!accesses_.common(access, false)) return;
  if (access.offset == VIRTIO_PCI_COMMON_STATUS) init_.status_read(static_cast<std::uint8_t>(access.value));
  if (access.offset == VIRTIO_PCI_COMMON_DF) init_.offered_read();
  queues_.read(access, view);
}

void DriverCheck::common_written(const RegisterAccess& access, const DriverView& before,
                                 const DriverView& after) {
  const std::lock_guard lock(mutex_);
  offered_ = after.offered;
  negotiated_ = (after.status & kFeaturesOk) != 0 ? after.accepted : FeatureSet();
  if (!accesses_.common(access, true)) return;
  const auto value = static_cast<std::uint32_t>(access.value);
  if (before.resetting) {
    if (access.offset == VIRTIO_PCI_COMMON_STATUS) init_.begun_anew(static_cast<std::uint8_t>(value), before);
    return;
  }
  if (access.offset == VIRTIO_PCI_COMMON_STATUS) {
    init_.status_written(static_cast<std::uint8_t>(value), before, after);
    if ((value & ~before.status & kDriverOk) != 0) {
      queues_.driver_ok();
      if (!capability_written_) verdicts_.keep("PCI-DRV-014");
    }
  } else if (access.offset == VIRTIO_PCI_COMMON_Q_ENABLE && value == 1) {
    init_.queue_enabled(before);
  }
  if (access.offset == VIRTIO_PCI_COMMON_GFSELECT) feature_select_ = value;
  if (access.offset == VIRTIO_PCI_COMMON_GF) init_.features_written(feature_select_, value, before);
  queues_.written(access, before);
}

void DriverCheck::device_config_read(const RegisterAccess& access) {
  const std::lock_guard lock(mutex_);
  accesses_.device_config_read(access);
}

void DriverCheck::device_config_written(const RegisterAccess& access) {
  const std::lock_guard lock(mutex_);
  accesses_.device_config_written(access);
  init_.device_config_written(access.offset);
}

void DriverCheck::isr_read(bool msix_enabled) {
  const std::lock_guard lock(mutex_);
  accesses_.isr_read(msix_enabled);
}

void DriverCheck::notified(QueueIndex queue, const RegisterAccess& access, std::uint16_t config_data) {
  const std::lock_guard lock(mutex_);
  init_.notified(queue);
  accesses_.notified(queue, access, config_data, negotiated_);
  judge_next_offset(queue, access);
}

// PACKED-DRV-004. By when the device looks here more may have been made available, but what stands before the
// place that was named has been.
void DriverCheck::judge_next_offset(QueueIndex queue, const RegisterAccess& access) {
  const auto found = packed_rings_.find(queue);
  if (found == packed_rings_.end() || access.bytes != 4) return;
  const PackedRing& ring = found->second;
  const std::uint64_t slot = access.value >> 16 & 0x7FFF;
  const bool wrap = (access.value >> 31 & 1) != 0;
  const auto evidence = [&] {
    return evidence_text("queue ", to_integer(queue), " notified with next_off ", slot, ", next_wrap ", wrap,
                         "; the ring has ", ring.size, " slots");
  };
  if (slot >= ring.size) return verdicts_.violate("PACKED-DRV-004", evidence());
  const std::uint64_t last = (slot == 0 ? ring.size : slot) - 1;
  const auto bytes = ring.memory->range(GuestAddress{to_integer(ring.descriptors) + kDescriptorBytes * last},
                                        kDescriptorBytes);
  if (!bytes) return;
  Le16 flags;
  std::memcpy(&flags, bytes->data() + offsetof(PackedDescriptor, flags), sizeof flags);
  const bool lap = slot == 0 ? !wrap : wrap;
  verdicts_.judge("PACKED-DRV-004", ((flags & kDescriptorAvail) != 0) == lap, evidence);
}

void DriverCheck::capability_written(std::uint16_t offset, std::uint32_t value) {
  const std::lock_guard lock(mutex_);
  capability_written_ = true;
  accesses_.capability_written(offset, value);
}

void DriverCheck::window_used(unsigned bar, std::uint64_t offset, std::uint64_t length, bool in_structure) {
  const std::lock_guard lock(mutex_);
  accesses_.window_used(bar, offset, length, in_structure);
}

void DriverCheck::interrupted(bool by_config_change, bool msix) {
  const std::lock_guard lock(mutex_);
  accesses_.interrupted(by_config_change, msix);
}

void DriverCheck::reset_done() {
  const std::lock_guard lock(mutex_);
  init_.reset_done();
  queues_.reset();
  negotiated_ = FeatureSet();
  feature_select_ = 0;
  packed_rings_.clear();
}

std::unique_ptr<RingObserver> DriverCheck::watch_ring(QueueIndex queue, const QueueConfig& config,
                                                      const GuestMemory& memory, FeatureSet negotiated) {
  const std::lock_guard lock(mutex_);
  const bool is_packed = negotiated.has(Feature::kRingPacked);
  if (is_packed && negotiated.has(Feature::kNotificationData)) {
    packed_rings_[queue] = {config.descriptor_area, config.size, &memory};
  }
  return std::make_unique<RingCheck>(verdicts_, queue, config, memory,
                                     RingCheck::Terms{.offered = offered_, .negotiated = negotiated});
}

void DriverCheck::ring_refused(QueueIndex queue, RingFault fault) {
  const std::lock_guard lock(mutex_);
  packed_rings_.erase(queue);
  judge_address(verdicts_, {.offered = offered_, .negotiated = negotiated_},
                fault == RingFault::kBadRingAddress,
                [&] { return evidence_text("queue ", to_integer(queue), ": ", name_of(fault)); });
}

void DriverCheck::finish() {
  const std::lock_guard lock(mutex_);
  init_.finish();
}

}  // namespace virtcrypt::virtio
