#include "virtcrypt/virtio/driver_check/queue_setup_check.h"

#include <bit>

#include <linux/virtio_pci.h>

#include "virtcrypt/virtio/device_status.h"

namespace virtcrypt::virtio {
namespace {

constexpr std::uint64_t kQueueReset = 58;  // linux/virtio_pci.h of older kernels ends before it
constexpr std::uint64_t kNoVector = 0xFFFF;

bool is_address(std::uint64_t offset) {
  return offset >= VIRTIO_PCI_COMMON_Q_DESCLO && offset <= VIRTIO_PCI_COMMON_Q_USEDHI;
}

std::string queue_evidence(const char* name, std::uint64_t value, const DriverView& before) {
  return evidence_text(name, " of queue ", before.queue_select, " written as ", value);
}

}  // namespace

void QueueSetupCheck::written(const RegisterAccess& access, const DriverView& before) {
  if (access.offset == VIRTIO_PCI_COMMON_MSIX) return vector_written(access.value, std::nullopt, before);
  if (before.queue_select >= before.queue_count) return;
  QueueState& queue = queues_[before.queue_select];
  if (access.offset == VIRTIO_PCI_COMMON_Q_ENABLE) return enable_written(access.value, queue, before);
  if (access.offset == kQueueReset) {
    if (access.value == 1) queue = QueueState{.reset_asked = true, .was_reset = true};
    return;
  }
  const bool is_vector = access.offset == VIRTIO_PCI_COMMON_Q_MSIX;
  if (access.offset != VIRTIO_PCI_COMMON_Q_SIZE && !is_vector && !is_address(access.offset)) return;

  judge_reset_seen(queue, before);
  // Taking a vector away is no set-up.
  if (before.queue_enabled && !(is_vector && access.value == kNoVector)) {
    verdicts_.violate("PCI-DRV-018", evidence_text("offset ", access.offset, " of the structure, queue ",
                                                   before.queue_select, ", written as ", hex(access.value),
                                                   " after the queue was enabled"));
  }
  switch (access.offset) {
    case VIRTIO_PCI_COMMON_Q_SIZE:
      return size_written(access.value, before);
    case VIRTIO_PCI_COMMON_Q_MSIX:
      return vector_written(access.value, before.queue_select, before);
    case VIRTIO_PCI_COMMON_Q_DESCLO:
      queue.descriptor_area = true;
      return;
    case VIRTIO_PCI_COMMON_Q_AVAILLO:
      queue.driver_area = true;
      return;
    case VIRTIO_PCI_COMMON_Q_USEDLO:
      queue.device_area = true;
      return;
    default:
      return;
  }
}

// A queue whose reset is not known to be done is left alone.
void QueueSetupCheck::judge_reset_seen(QueueState& queue, const DriverView& before) {
  if (!queue.was_reset || !queue.reset_asked) return;
  queue.reset_asked = false;
  for (const char* statement : {"VQRST-DRV-001", "PCI-DRV-021"}) {
    verdicts_.violate(statement, evidence_text("queue ", before.queue_select,
                                               " set up anew, and queue_reset was not read as 0 since it was "
                                               "written as 1"));
  }
}

void QueueSetupCheck::size_written(std::uint64_t value, const DriverView& before) {
  if ((before.status & kFeaturesOk) == 0) return;  // nothing is negotiated yet
  const auto evidence = [&] { return queue_evidence("queue_size", value, before); };
  if (before.accepted.has(Feature::kRingPacked)) {
    verdicts_.judge("PCI-DRV-016", value != 0, evidence);
  } else {
    verdicts_.judge("PCI-DRV-017", std::has_single_bit(value), evidence);
  }
}

void QueueSetupCheck::vector_written(std::uint64_t value, std::optional<std::uint16_t> queue,
                                     const DriverView& before) {
  unconfirmed("before another vector was written");
  if (value == kNoVector) return;
  verdicts_.judge("PCI-DRV-035", value < before.msix_vectors, [&] {
    return evidence_text("vector ", value, " mapped, and the table has ", before.msix_vectors, " entries");
  });
  vector_pending_ = true;
  vector_queue_ = queue;
}

void QueueSetupCheck::unconfirmed(const char* when) {
  if (!vector_pending_) return;
  vector_pending_ = false;
  verdicts_.violate("PCI-DRV-036",
                    vector_queue_
                        ? evidence_text("the vector of queue ", *vector_queue_, " was not read back ", when)
                        : evidence_text("config_msix_vector was not read back ", when));
}

void QueueSetupCheck::enable_written(std::uint64_t value, QueueState& queue, const DriverView& before) {
  verdicts_.judge("PCI-DRV-020", value != 0, [&] { return queue_evidence("queue_enable", value, before); });
  if (value != 1 || before.queue_enabled) return;
  judge_reset_seen(queue, before);
  if (vector_queue_ == before.queue_select) unconfirmed("before the queue was enabled");
  const bool complete = queue.descriptor_area && queue.driver_area && queue.device_area;
  const auto evidence = [&] {
    return evidence_text("queue ", before.queue_select, " enabled without",
                         queue.descriptor_area ? "" : " queue_desc", queue.driver_area ? "" : " queue_driver",
                         queue.device_area ? "" : " queue_device");
  };
  verdicts_.judge("PCI-DRV-018", complete, evidence);
  if (queue.was_reset) verdicts_.judge("VQRST-DRV-003", complete, evidence);
  queue.was_reset = false;
}

void QueueSetupCheck::read(const RegisterAccess& access, const DriverView& view) {
  const bool is_config_vector = access.offset == VIRTIO_PCI_COMMON_MSIX;
  const bool is_queue_vector = access.offset == VIRTIO_PCI_COMMON_Q_MSIX;
  if (vector_pending_ &&
      (vector_queue_ ? is_queue_vector && *vector_queue_ == view.queue_select : is_config_vector)) {
    vector_pending_ = false;
    verdicts_.keep("PCI-DRV-036");
  }
  if (access.offset != kQueueReset || access.value != 0) return;
  const auto queue = queues_.find(view.queue_select);
  if (queue == queues_.end() || !queue->second.reset_asked) return;
  queue->second.reset_asked = false;
  verdicts_.keep("VQRST-DRV-001");
  verdicts_.keep("PCI-DRV-021");
}

void QueueSetupCheck::driver_ok() {
  unconfirmed("before DRIVER_OK");
}

void QueueSetupCheck::reset() {
  queues_.clear();
  vector_pending_ = false;
  vector_queue_.reset();
}

}  // namespace virtcrypt::virtio
