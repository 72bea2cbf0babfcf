#include "virtcrypt/virtio/pci/common_config.h"

#include <algorithm>
#include <bit>

#include <linux/virtio_pci.h>

namespace virtcrypt::virtio::pci {
namespace {

// linux/virtio_pci.h of older kernels ends before these.
constexpr std::uint8_t kQueueNotifConfigData = 56;
constexpr std::uint8_t kQueueReset = 58;

// queue_notif_config_data is the queue's index with this bit, which no index reaches: a driver that takes one
// for the other can be told (4.1.4.3). The device does not look at it, each queue has a doorbell of its own.
constexpr std::uint16_t kNotifConfigDataBit = 0x8000;

}  // namespace

// One row a register. `write` is empty where the driver may only read (4.1.4.3). 64-bit fields are two rows:
// their halves can be accessed on their own (PCI-DEV-008).
struct CommonConfig::Register {
  std::uint8_t offset;
  std::uint8_t width;
  std::uint32_t (*read)(const CommonConfig&);
  void (*write)(CommonConfig&, std::uint32_t);
};

const CommonConfig::Register CommonConfig::kRegisters[] = {
    {VIRTIO_PCI_COMMON_DFSELECT, 4, [](const CommonConfig& c) { return c.device_feature_select_; },
     [](CommonConfig& c, std::uint32_t value) { c.device_feature_select_ = value; }},
    {VIRTIO_PCI_COMMON_DF, 4,
     [](const CommonConfig& c) { return c.device_.offered_features().word(c.device_feature_select_); },
     nullptr},
    {VIRTIO_PCI_COMMON_GFSELECT, 4, [](const CommonConfig& c) { return c.driver_feature_select_; },
     [](CommonConfig& c, std::uint32_t value) { c.driver_feature_select_ = value; }},
    {VIRTIO_PCI_COMMON_GF, 4,
     [](const CommonConfig& c) { return c.driver_features_.word(c.driver_feature_select_); },
     [](CommonConfig& c, std::uint32_t value) { c.write_driver_feature(value); }},
    {VIRTIO_PCI_COMMON_MSIX, 2, [](const CommonConfig& c) { return std::uint32_t{c.config_vector()}; },
     [](CommonConfig& c, std::uint32_t value) {
       c.config_vector_.store(c.mappable(value), std::memory_order_release);
     }},
    {VIRTIO_PCI_COMMON_NUMQ, 2,
     [](const CommonConfig& c) { return static_cast<std::uint32_t>(c.queues_.size()); }, nullptr},
    {VIRTIO_PCI_COMMON_STATUS, 1, [](const CommonConfig& c) { return std::uint32_t{c.status_.value()}; },
     [](CommonConfig& c, std::uint32_t value) { c.write_device_status(value); }},
    {VIRTIO_PCI_COMMON_CFGGENERATION, 1,
     [](const CommonConfig& c) { return std::uint32_t{c.device_.config_generation()}; }, nullptr},
    {VIRTIO_PCI_COMMON_Q_SELECT, 2, [](const CommonConfig& c) { return std::uint32_t{c.queue_select_}; },
     [](CommonConfig& c, std::uint32_t value) { c.queue_select_ = static_cast<std::uint16_t>(value); }},
    {VIRTIO_PCI_COMMON_Q_SIZE, 2,
     [](const CommonConfig& c) { return c.selected() ? std::uint32_t{c.size_of(*c.selected())} : 0U; },
     [](CommonConfig& c, std::uint32_t value) { c.write_queue_size(value); }},
    {VIRTIO_PCI_COMMON_Q_MSIX, 2,
     [](const CommonConfig& c) {
       return c.selected() ? std::uint32_t{c.queue_vector(QueueIndex{c.queue_select_})}
                           : std::uint32_t{kNoVector};
     },
     [](CommonConfig& c, std::uint32_t value) { c.write_queue_vector(value); }},
    {VIRTIO_PCI_COMMON_Q_ENABLE, 2,
     [](const CommonConfig& c) { return c.selected() && c.selected()->enabled ? 1U : 0U; },
     [](CommonConfig& c, std::uint32_t value) { c.write_queue_enable(value); }},
    // Each queue has a doorbell of its own at queue_notify_off * notify_off_multiplier.
    {VIRTIO_PCI_COMMON_Q_NOFF, 2,
     [](const CommonConfig& c) { return c.selected() ? std::uint32_t{c.queue_select_} : 0U; }, nullptr},
    {VIRTIO_PCI_COMMON_Q_DESCLO, 4,
     [](const CommonConfig& c) { return c.read_address(&QueueConfig::descriptor_area, 0); },
     [](CommonConfig& c, std::uint32_t value) { c.write_address(&QueueConfig::descriptor_area, 0, value); }},
    {VIRTIO_PCI_COMMON_Q_DESCHI, 4,
     [](const CommonConfig& c) { return c.read_address(&QueueConfig::descriptor_area, 1); },
     [](CommonConfig& c, std::uint32_t value) { c.write_address(&QueueConfig::descriptor_area, 1, value); }},
    {VIRTIO_PCI_COMMON_Q_AVAILLO, 4,
     [](const CommonConfig& c) { return c.read_address(&QueueConfig::driver_area, 0); },
     [](CommonConfig& c, std::uint32_t value) { c.write_address(&QueueConfig::driver_area, 0, value); }},
    {VIRTIO_PCI_COMMON_Q_AVAILHI, 4,
     [](const CommonConfig& c) { return c.read_address(&QueueConfig::driver_area, 1); },
     [](CommonConfig& c, std::uint32_t value) { c.write_address(&QueueConfig::driver_area, 1, value); }},
    {VIRTIO_PCI_COMMON_Q_USEDLO, 4,
     [](const CommonConfig& c) { return c.read_address(&QueueConfig::device_area, 0); },
     [](CommonConfig& c, std::uint32_t value) { c.write_address(&QueueConfig::device_area, 0, value); }},
    {VIRTIO_PCI_COMMON_Q_USEDHI, 4,
     [](const CommonConfig& c) { return c.read_address(&QueueConfig::device_area, 1); },
     [](CommonConfig& c, std::uint32_t value) { c.write_address(&QueueConfig::device_area, 1, value); }},
    // These two exist only when their features have been negotiated.
    {kQueueNotifConfigData, 2,
     [](const CommonConfig& c) {
       return c.selected() && c.is_negotiated(Feature::kNotifConfigData)
                  ? std::uint32_t{notif_config_data(QueueIndex{c.queue_select_})}
                  : 0U;
     },
     nullptr},
    {kQueueReset, 2, [](const CommonConfig& c) { return c.selected() && c.selected()->resetting ? 1U : 0U; },
     [](CommonConfig& c, std::uint32_t value) { c.write_queue_reset(value); }},
};

CommonConfig::CommonConfig(const VirtioDevice& device, std::uint16_t msix_vectors)
    : device_(device),
      msix_vectors_(msix_vectors),
      queues_(device.queue_count()),
      queue_vectors_(std::make_unique<std::atomic<std::uint16_t>[]>(device.queue_count())) {
  reset();
}

void CommonConfig::reset() {
  status_.clear();
  device_feature_select_ = driver_feature_select_ = 0;
  queue_select_ = 0;
  driver_features_ = FeatureSet();
  accepted_beyond_ = false;
  config_vector_.store(kNoVector, std::memory_order_release);
  for (std::uint16_t i = 0; i < queues_.size(); ++i)
    set_defaults(i);
}

void CommonConfig::set_defaults(std::uint16_t queue) {
  // 4.1.5.1.3: queue_size starts as the largest size supported.
  queues_[queue] = QueueRegisters{.config = {.size = device_.max_queue_size(QueueIndex{queue})}};
  queue_vectors_[queue].store(kNoVector, std::memory_order_release);
}

void CommonConfig::finish_queue_reset(QueueIndex queue) {
  // PCI-DEV-025, VQRST-DEV-003. Unless a reset of the device has come in between.
  if (queues_[to_integer(queue)].resetting) set_defaults(to_integer(queue));
}

const CommonConfig::Register* CommonConfig::find_register(std::size_t offset) {
  const auto* found =
      std::find_if(std::begin(kRegisters), std::end(kRegisters), [offset](const Register& candidate) {
        return offset >= candidate.offset && offset < std::size_t{candidate.offset} + candidate.width;
      });
  return found == std::end(kRegisters) ? nullptr : found;
}

void CommonConfig::read(std::size_t offset, std::span<std::byte> data) const {
  const Register* current = nullptr;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Register* here = find_register(offset + i);
    if (here != nullptr && here != current) value = here->read(*this);
    current = here;
    data[i] =
        here == nullptr ? std::byte{0} : static_cast<std::byte>(value >> (8 * (offset + i - here->offset)));
  }
}

ConfigAction CommonConfig::write(std::size_t offset, std::span<const std::byte> data) {
  pending_action_ = ConfigAction();
  for (std::size_t i = 0; i < data.size();) {
    const Register* here = find_register(offset + i);
    if (here == nullptr) {
      ++i;
      continue;
    }
    const std::size_t end =
        std::min<std::size_t>(data.size(), std::size_t{here->offset} + here->width - offset);
    const bool whole = offset + i == here->offset && end - i == here->width;
    std::uint32_t value = whole ? 0 : here->read(*this);
    for (; i < end; ++i) {
      const std::size_t shift = 8 * (offset + i - here->offset);
      value = (value & ~(0xFFU << shift)) | (std::to_integer<std::uint32_t>(data[i]) << shift);
    }
    if (here->write != nullptr) here->write(*this, value);
  }
  return pending_action_;
}

const CommonConfig::QueueRegisters* CommonConfig::selected() const {
  return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
}

CommonConfig::QueueRegisters* CommonConfig::configurable_queue() {
  // 4.1.4.3.2: a queue is configured before it is enabled, and queues before DRIVER_OK; with RING_RESET one
  // that is not enabled may be configured and enabled at any time (2.6.1.2). What else comes is ignored.
  if (queue_select_ >= queues_.size() || queues_[queue_select_].enabled) return nullptr;
  if (status_.has(kDriverOk) && !is_negotiated(Feature::kRingReset)) return nullptr;
  return &queues_[queue_select_];
}

bool CommonConfig::is_negotiated(Feature feature) const {
  return status_.has(kFeaturesOk) && driver_features_.has(feature);
}

std::uint16_t CommonConfig::size_of(const QueueRegisters& queue) const {
  // PCI-DEV-027: without RING_PACKED only powers of two are shown.
  return is_negotiated(Feature::kRingPacked) ? queue.config.size : std::bit_floor(queue.config.size);
}

bool CommonConfig::features_acceptable() const {
  // 6.2: a device may refuse to work without VERSION_1; this one has no legacy interface to fall back to.
  return !accepted_beyond_ && driver_features_.has(Feature::kVersion1) &&
         driver_features_.is_subset_of(device_.offered_features()) && device_.accepts(driver_features_);
}

std::uint16_t CommonConfig::mappable(std::uint32_t vector) const {
  // PCI-DEV-068: a vector that cannot be mapped reads back as NO_VECTOR.
  return vector < msix_vectors_ ? static_cast<std::uint16_t>(vector) : kNoVector;
}

bool CommonConfig::is_in_use(std::uint16_t vector) const {
  if (config_vector() == vector) return true;
  for (std::uint16_t i = 0; i < queues_.size(); ++i) {
    if (queue_vector(QueueIndex{i}) == vector) return true;
  }
  return false;
}

DriverView CommonConfig::view() const {
  return {.status = status_.value(),
          .offered = device_.offered_features(),
          .accepted = driver_features_,
          .accepted_beyond = accepted_beyond_,
          .makes_sense = device_.accepts(driver_features_),
          .queue_count = static_cast<std::uint16_t>(queues_.size()),
          .enabled_queues = static_cast<std::uint16_t>(std::count_if(
              queues_.begin(), queues_.end(), [](const QueueRegisters& queue) { return queue.enabled; })),
          .msix_vectors = msix_vectors_,
          .queue_select = queue_select_,
          .queue_enabled = selected() != nullptr && selected()->enabled};
}

std::uint16_t CommonConfig::notif_config_data(QueueIndex queue) {
  return to_integer(queue) | kNotifConfigDataBit;
}

void CommonConfig::write_driver_feature(std::uint32_t value) {
  // 3.1.1: features are fixed once FEATURES_OK is set.
  if (status_.has(kFeaturesOk)) return;
  driver_features_.set_word(driver_feature_select_, value);
  if (driver_feature_select_ >= FeatureSet::kWords && value != 0) accepted_beyond_ = true;
}

void CommonConfig::write_device_status(std::uint32_t value) {
  switch (status_.write(static_cast<std::uint8_t>(value), features_acceptable())) {
    case StatusAction::kNone:
      break;
    case StatusAction::kReset:
      pending_action_.kind = ConfigAction::Kind::kReset;
      break;
    case StatusAction::kActivate:
      pending_action_.kind = ConfigAction::Kind::kActivate;
      break;
  }
}

void CommonConfig::write_queue_size(std::uint32_t value) {
  QueueRegisters* queue = configurable_queue();
  if (queue == nullptr || value == 0 || value > device_.max_queue_size(QueueIndex{queue_select_})) return;
  // PCI-DRV-016, PCI-DRV-017: not 0, and without RING_PACKED a power of two. Others are not taken.
  if (!is_negotiated(Feature::kRingPacked) && !std::has_single_bit(value)) return;
  queue->config.size = static_cast<std::uint16_t>(value);
}

void CommonConfig::write_queue_vector(std::uint32_t value) {
  if (queue_select_ < queues_.size())
    queue_vectors_[queue_select_].store(mappable(value), std::memory_order_release);
}

void CommonConfig::write_queue_enable(std::uint32_t value) {
  // 4.1.4.3.2: the driver only ever writes 1.
  QueueRegisters* queue = configurable_queue();
  if (queue == nullptr || value != 1) return;
  queue->config.size = size_of(*queue);
  queue->enabled = true;
  if (status_.has(kDriverOk)) {
    pending_action_ = {ConfigAction::Kind::kEnableQueue, QueueIndex{queue_select_}};
  }
}

void CommonConfig::write_queue_reset(std::uint32_t value) {
  if (value != 1 || queue_select_ >= queues_.size() || !is_negotiated(Feature::kRingReset)) return;
  QueueRegisters& queue = queues_[queue_select_];
  if (queue.resetting) return;
  // PCI-DEV-023. A queue that the device does not serve yet has nothing but its registers.
  if (!queue.enabled || !status_.has(kDriverOk)) return set_defaults(queue_select_);
  queue.resetting = true;  // PCI-DEV-024
  pending_action_ = {ConfigAction::Kind::kResetQueue, QueueIndex{queue_select_}};
}

std::uint32_t CommonConfig::read_address(GuestAddress QueueConfig::*area, unsigned half) const {
  return selected() ? static_cast<std::uint32_t>(to_integer(selected()->config.*area) >> (32 * half)) : 0;
}

void CommonConfig::write_address(GuestAddress QueueConfig::*area, unsigned half, std::uint32_t value) {
  QueueRegisters* queue = configurable_queue();
  if (queue == nullptr) return;
  const unsigned shift = 32 * half;
  const std::uint64_t kept = to_integer(queue->config.*area) & ~(std::uint64_t{0xFFFF'FFFF} << shift);
  queue->config.*area = GuestAddress{kept | std::uint64_t{value} << shift};
}

}  // namespace virtcrypt::virtio::pci
