#include "virtcrypt/virtio/driver_check/access_check.h"

#include <algorithm>
#include <iterator>

#include <linux/virtio_pci.h>

namespace virtcrypt::virtio {
namespace {

struct Field {
  std::uint8_t offset;
  std::uint8_t bytes;
  bool is_writable;
};

// 4.1.4.3; 64-bit fields as their halves. Offsets that older kernels' linux/virtio_pci.h lacks as numbers.
constexpr Field kFields[] = {
    {VIRTIO_PCI_COMMON_DFSELECT, 4, true},
    {VIRTIO_PCI_COMMON_DF, 4, false},
    {VIRTIO_PCI_COMMON_GFSELECT, 4, true},
    {VIRTIO_PCI_COMMON_GF, 4, true},
    {VIRTIO_PCI_COMMON_MSIX, 2, true},
    {VIRTIO_PCI_COMMON_NUMQ, 2, false},
    {VIRTIO_PCI_COMMON_STATUS, 1, true},
    {VIRTIO_PCI_COMMON_CFGGENERATION, 1, false},
    {VIRTIO_PCI_COMMON_Q_SELECT, 2, true},
    {VIRTIO_PCI_COMMON_Q_SIZE, 2, true},
    {VIRTIO_PCI_COMMON_Q_MSIX, 2, true},
    {VIRTIO_PCI_COMMON_Q_ENABLE, 2, true},
    {VIRTIO_PCI_COMMON_Q_NOFF, 2, false},
    {VIRTIO_PCI_COMMON_Q_DESCLO, 4, true},
    {VIRTIO_PCI_COMMON_Q_DESCHI, 4, true},
    {VIRTIO_PCI_COMMON_Q_AVAILLO, 4, true},
    {VIRTIO_PCI_COMMON_Q_AVAILHI, 4, true},
    {VIRTIO_PCI_COMMON_Q_USEDLO, 4, true},
    {VIRTIO_PCI_COMMON_Q_USEDHI, 4, true},
    {56, 2, false},  // queue_notif_config_data
    {58, 2, true},   // queue_reset
    {60, 2, false},  // admin_queue_index
    {62, 2, false},  // admin_queue_num
};

std::string access_evidence(const char* structure, const RegisterAccess& access) {
  return evidence_text(structure, ": ", access.bytes, " bytes at offset ", access.offset);
}

}  // namespace

bool AccessCheck::common(const RegisterAccess& access, bool is_write) {
  const auto* const field = std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& each) {
    return each.offset == access.offset && each.bytes == access.bytes;
  });
  const bool is_natural = field != std::end(kFields);
  verdicts_.judge("PCI-DRV-005", is_natural, [&] { return access_evidence("common configuration", access); });
  const auto touches = [&](const Field& each) {
    return !each.is_writable && access.offset < std::uint64_t{each.offset} + each.bytes &&
           each.offset < access.offset + access.bytes;
  };
  if (is_write) {
    verdicts_.judge("PCI-DRV-015", std::none_of(std::begin(kFields), std::end(kFields), touches),
                    [&] { return access_evidence("common configuration, written", access); });
  }
  judge_generation(access, is_write);
  return is_natural;
}

// CFG-DRV-003: generation, fields, generation; nothing of the common structure is written in between.
void AccessCheck::judge_generation(const RegisterAccess& access, bool is_write) {
  if (access.offset == VIRTIO_PCI_COMMON_CFGGENERATION && !is_write) {
    if (fields_read_ && generation_read_) verdicts_.keep("CFG-DRV-003");
    generation_read_ = true;
    fields_read_ = false;
  } else if (is_write) {
    if (fields_read_ && generation_read_)
      verdicts_.violate("CFG-DRV-003",
                        "device configuration was read, and config_generation was not read "
                        "behind it");
    generation_read_ = fields_read_ = false;
  }
}

void AccessCheck::judge_device_config_width(const RegisterAccess& access) {
  std::size_t start = 0;
  bool is_natural = false;
  for (const std::size_t bytes : config_fields_) {
    is_natural = is_natural || (access.offset == start && access.bytes == bytes);
    start += bytes;
  }
  verdicts_.judge("PCI-DRV-005", is_natural, [&] { return access_evidence("device configuration", access); });
}

void AccessCheck::device_config_read(const RegisterAccess& access) {
  judge_device_config_width(access);
  verdicts_.judge("CFG-DRV-001", access.bytes <= 4,
                  [&] { return access_evidence("device configuration, read at once", access); });
  fields_read_ = true;
  if (generation_read_) return;
  verdicts_.violate("CFG-DRV-003", evidence_text(access_evidence("device configuration, read", access),
                                                 ", and config_generation was not read before"));
}

void AccessCheck::isr_read(bool msix_enabled) {
  if (msix_enabled && queue_interrupt_ && !config_interrupt_)
    verdicts_.violate("PCI-DRV-026", "ISR status was read after an MSI-X message of a queue");
  queue_interrupt_ = config_interrupt_ = false;
}

void AccessCheck::interrupted(bool by_config_change, bool msix) {
  if (by_config_change) {
    config_interrupt_ = true;
  } else if (msix) {
    if (queue_interrupt_) verdicts_.keep("PCI-DRV-026");
    queue_interrupt_ = true;
  }
}

void AccessCheck::notified(QueueIndex queue, const RegisterAccess& access, std::uint16_t config_data,
                           FeatureSet negotiated) {
  const bool with_data = negotiated.has(Feature::kNotificationData);
  const bool by_config_data = negotiated.has(Feature::kNotifConfigData);
  const auto evidence = [&] {
    return evidence_text("queue ", to_integer(queue), " notified with ", access.bytes, " bytes, ",
                         hex(access.value));
  };
  verdicts_.judge(with_data ? "PCI-DRV-039" : "PCI-DRV-038", access.bytes == (with_data ? 4U : 2U), evidence);
  const std::uint64_t expected = by_config_data ? config_data : to_integer(queue);
  const char* const statement = by_config_data ? (with_data ? "PCI-DRV-043" : "PCI-DRV-042")
                                               : (with_data ? "PCI-DRV-041" : "PCI-DRV-040");
  verdicts_.judge(statement, (access.value & 0xFFFF) == expected, evidence);
}

void AccessCheck::capability_written(std::uint16_t offset, std::uint32_t value) {
  verdicts_.violate("PCI-DRV-014", evidence_text("configuration space offset ", hex(offset), " written as ",
                                                 hex(value), ": part of a virtio capability"));
}

void AccessCheck::window_used(unsigned bar, std::uint64_t offset, std::uint64_t length, bool in_structure) {
  const auto evidence = [&] {
    return evidence_text("pci_cfg_data accessed with BAR ", bar, ", offset ", hex(offset), ", length ",
                         length);
  };
  const bool is_aligned = length != 0 && offset % length == 0;
  verdicts_.judge("PCI-DRV-029", is_aligned, evidence);
  verdicts_.judge("PCI-DRV-030", is_aligned, evidence);
  verdicts_.judge("PCI-DRV-031", in_structure, evidence);
}

}  // namespace virtcrypt::virtio
