#include "virtcrypt/virtio/pci/virtio_pci_function.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "virtcrypt/virtio/endian.h"
#include "virtcrypt/virtio/pci/bar_layout.h"

namespace virtcrypt::virtio::pci {
namespace {

constexpr std::uint16_t kVirtioVendorId = 0x1AF4;      // 4.1.2.1
constexpr std::uint16_t kVirtioDeviceIdBase = 0x1040;  // plus the device type
// Draft, G-38: what a device type that 4.1.2.1 has no room for gets. Nobody else binds to it: QEMU sets
// 0x10F0 to 0x10FF of this vendor aside for experiments, and Linux takes 0x1000 to 0x107F.
constexpr std::uint16_t kExperimentalDeviceId = 0x10FF;
constexpr std::uint8_t kRevisionId = 1;
constexpr std::uint32_t kClassCode =
    0x108000;  // none is specified; PCI calls this "other encryption controller"

constexpr std::uint16_t kMaxMsixVectors = 2048;  // 4.1.5.1.2.1

constexpr std::uint8_t kIsrQueue = 1;  // 4.1.4.5
constexpr std::uint8_t kIsrConfig = 2;

std::uint16_t vectors_for(std::uint16_t queues) {
  // One a queue and one for configuration changes.
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(queues + 1U, kMaxMsixVectors));
}

RegisterAccess access_of(std::uint64_t offset, std::span<const std::byte> data) {
  Le64 value{0};
  std::memcpy(&value, data.data(), std::min(data.size(), sizeof value));
  return {.offset = offset, .bytes = data.size(), .value = value};
}

Identity identity_of(const VirtioDevice& device) {
  const auto type = static_cast<std::uint16_t>(device.type());
  const bool is_standard = device.type() != DeviceType::kExperimental;
  const auto id =
      is_standard ? static_cast<std::uint16_t>(kVirtioDeviceIdBase + type) : kExperimentalDeviceId;
  return {.vendor_id = kVirtioVendorId,
          .device_id = id,
          .revision_id = kRevisionId,
          .class_code = kClassCode,
          .subsystem_vendor_id = kVirtioVendorId,
          .subsystem_id = is_standard ? id : type};
}

}  // namespace

VirtioPciFunction::VirtioPciFunction(std::unique_ptr<VirtioDevice> device, const GuestMemory& memory,
                                     Slot& slot, std::shared_ptr<DriverObserver> observer)
    : observer_(std::move(observer)),
      device_(std::move(device)),
      memory_(memory),
      slot_(slot),
      notify_bytes_(kNotifyMultiplier * device_->queue_count()),
      config_(identity_of(*device_)),
      common_(*device_, vectors_for(device_->queue_count())),
      msix_(vectors_for(device_->queue_count()), slot) {
  config_.add_memory_bar(kVirtioBar, std::bit_ceil(std::uint64_t{kNotifyOffset} + notify_bytes_), true);
  config_.add_memory_bar(kMsixBar, msix_bar_bytes(msix_.vectors()), true);
  mapped_at_.resize(config_.bars().size());
  add_capabilities();
}

VirtioPciFunction::~VirtioPciFunction() {
  {
    const std::lock_guard lock(config_mutex_);
    for (std::size_t i = 0; i < mapped_at_.size(); ++i) {
      if (mapped_at_[i] != 0) slot_.unmap_bar(config_.bars()[i].bar);
    }
  }
  device_.reset();  // stops its threads while what they call is still alive
}

std::vector<Doorbell> VirtioPciFunction::doorbells() const {
  std::vector<Doorbell> doorbells;
  if (observer_ != nullptr) return doorbells;
  for (std::uint16_t i = 0; i < device_->queue_count(); ++i) {
    doorbells.push_back(
        {kVirtioBar, kNotifyOffset + std::uint64_t{kNotifyMultiplier} * i, device_->kick_fd(QueueIndex{i})});
  }
  return doorbells;
}

void VirtioPciFunction::bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  const std::lock_guard lock(config_mutex_);
  read_region(bar, offset, data);
}

void VirtioPciFunction::bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  // Doorbells go without the lock: a machine that has no ioeventfd for them must not make queues wait for it.
  if (bar == kVirtioBar && offset >= kNotifyOffset) return ring_doorbell(offset - kNotifyOffset, data);
  Reset reset = Reset::kNone;
  {
    const std::lock_guard lock(config_mutex_);
    reset = write_region(bar, offset, data);
  }
  if (reset == Reset::kRequested) reset_device();
}

void VirtioPciFunction::read_region(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  std::fill(data.begin(), data.end(), std::byte{0});
  if (bar == kMsixBar) {
    const std::uint64_t half = msix_bar_bytes(msix_.vectors()) / 2;
    return offset < half ? msix_.read_table(offset, data) : msix_.read_pending(offset - half, data);
  }
  const std::uint64_t inside = offset % kRegionBytes;
  switch (offset - inside) {
    case kCommonOffset:
      common_.read(inside, data);
      if (observer_ != nullptr) observer_->common_read(access_of(inside, data), common_.view());
      return;
    case kIsrOffset:
      if (inside == 0) data[0] = std::byte{read_isr()};
      if (observer_ != nullptr && inside == 0) observer_->isr_read(msix_.enabled());
      return;
    case kDeviceConfigOffset:
      if (inside < device_->config_bytes()) {
        device_->read_config(inside, data.first(std::min(data.size(), device_->config_bytes() - inside)));
        if (observer_ != nullptr) observer_->device_config_read(access_of(inside, data));
      }
      return;
    default:
      return;  // doorbells read as 0
  }
}

VirtioPciFunction::Reset VirtioPciFunction::write_region(unsigned bar, std::uint64_t offset,
                                                         std::span<const std::byte> data) {
  if (bar == kMsixBar) {
    if (offset < msix_bar_bytes(msix_.vectors()) / 2) msix_.write_table(offset, data);
    return Reset::kNone;
  }
  if (offset >= kNotifyOffset) {
    ring_doorbell(offset - kNotifyOffset, data);
    return Reset::kNone;
  }
  const std::uint64_t inside = offset % kRegionBytes;
  if (offset - inside == kCommonOffset) return write_common(inside, data);
  if (offset - inside == kDeviceConfigOffset && inside < device_->config_bytes()) {
    device_->write_config(inside, data.first(std::min(data.size(), device_->config_bytes() - inside)));
    if (observer_ != nullptr) observer_->device_config_written(access_of(inside, data));
  }
  return Reset::kNone;
}

VirtioPciFunction::Reset VirtioPciFunction::write_common(std::size_t offset,
                                                         std::span<const std::byte> data) {
  // Until a reset is done device_status reads as before it, and the driver polls for 0 (4.1.4.3.2).
  DriverView before = observer_ != nullptr ? common_.view() : DriverView();
  if (resetting_) {
    before.resetting = true;
    if (observer_ != nullptr) observer_->common_written(access_of(offset, data), before, before);
    return Reset::kNone;
  }
  const ConfigAction action = common_.write(offset, data);
  if (observer_ != nullptr) observer_->common_written(access_of(offset, data), before, common_.view());
  switch (action.kind) {
    case ConfigAction::Kind::kNone:
      break;
    case ConfigAction::Kind::kActivate:
      activate();
      break;
    case ConfigAction::Kind::kEnableQueue:
      activate_queue(action.queue);
      break;
    case ConfigAction::Kind::kResetQueue:
      reset_queue(action.queue);
      break;
    case ConfigAction::Kind::kReset:
      resetting_ = true;
      return Reset::kRequested;
  }
  return Reset::kNone;
}

void VirtioPciFunction::ring_doorbell(std::uint64_t offset, std::span<const std::byte> data) {
  const std::uint64_t queue = offset / kNotifyMultiplier;
  if (queue >= device_->queue_count()) return;
  if (observer_ != nullptr) {
    const QueueIndex index{static_cast<std::uint16_t>(queue)};
    observer_->notified(index, access_of(offset, data), CommonConfig::notif_config_data(index));
  }
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the kick is pending anyway.
  [[maybe_unused]] const ssize_t written =
      ::write(device_->kick_fd(QueueIndex{static_cast<std::uint16_t>(queue)}), &one, sizeof one);
}

void VirtioPciFunction::activate() {
  Activation activation{.negotiated = common_.negotiated(), .queues = {}, .interrupts = *this};
  for (std::uint16_t i = 0; i < common_.queues().size(); ++i) {
    if (!common_.queues()[i].enabled) continue;
    auto queue = make_queue_or_fault(QueueIndex{i});
    if (queue == nullptr) return;
    activation.queues.push_back({QueueIndex{i}, std::move(queue)});
  }
  active_ = true;
  device_->activate(std::move(activation));
}

// What the driver has programmed, as a queue. When it makes none, null, and DEVICE_NEEDS_RESET is set.
std::unique_ptr<Queue> VirtioPciFunction::make_queue_or_fault(QueueIndex index) {
  const QueueConfig& config = common_.queues()[to_integer(index)].config;
  std::unique_ptr<RingObserver> ring_observer;
  if (observer_ != nullptr)
    ring_observer = observer_->watch_ring(index, config, memory_, common_.negotiated());
  auto queue = make_queue(config, memory_, common_.negotiated());
  if (queue) {
    if (ring_observer != nullptr) (*queue)->set_observer(std::move(ring_observer));
    return std::move(*queue);
  }
  if (observer_ != nullptr) observer_->ring_refused(index, queue.error());
  device_->report_fault(index, queue.error());
  common_.status().set_needs_reset();
  send_config_interrupt();
  return nullptr;
}

void VirtioPciFunction::activate_queue(QueueIndex index) {
  if (!active_) return;  // the driver was told at DRIVER_OK that the device needs a reset
  auto queue = make_queue_or_fault(index);
  if (queue != nullptr) device_->activate_queue({index, std::move(queue)}, *this);
}

void VirtioPciFunction::reset_queue(QueueIndex index) {
  if (!active_) return common_.finish_queue_reset(index);
  device_->reset_queue(index, [this, index] {
    const std::lock_guard lock(config_mutex_);
    const std::uint16_t vector = common_.queue_vector(index);
    common_.finish_queue_reset(index);
    // VQRST-DEV-002: nor does a masked vector's interrupt come later, unless it may be somebody else's too.
    if (vector != kNoVector && !common_.is_in_use(vector)) msix_.forget(vector);
  });
}

void VirtioPciFunction::reset_device() {
  const auto finish = [this] {
    const std::lock_guard lock(config_mutex_);
    {
      const std::lock_guard intx_lock(intx_mutex_);
      isr_ = 0;
      update_intx();
    }
    common_.reset();
    msix_.forget_all();  // RESET-DEV-002: of masked vectors
    active_ = false;
    resetting_ = false;
    if (observer_ != nullptr) observer_->reset_done();
  };
  if (active_) {
    device_->reset(finish);
  } else {
    finish();
  }
}

void VirtioPciFunction::notify_used(QueueIndex queue) {
  if (observer_ != nullptr) observer_->interrupted(false, msix_.enabled());
  if (!msix_.enabled()) return raise_isr(kIsrQueue);
  const std::uint16_t vector = common_.queue_vector(queue);
  if (vector != kNoVector) msix_.signal(vector);
}

void VirtioPciFunction::notify_config_change() {
  send_config_interrupt();
}

void VirtioPciFunction::send_config_interrupt() {
  if (observer_ != nullptr) observer_->interrupted(true, msix_.enabled());
  // PCI-DEV-042: the ISR bit is set with MSI-X as well.
  raise_isr(kIsrConfig);
  const std::uint16_t vector = common_.config_vector();
  if (msix_.enabled() && vector != kNoVector) msix_.signal(vector);
}

void VirtioPciFunction::device_needs_reset() {
  {
    const std::lock_guard lock(config_mutex_);
    common_.status().set_needs_reset();
    if (!common_.status().has(kDriverOk)) return;
  }
  send_config_interrupt();
}

void VirtioPciFunction::raise_isr(std::uint8_t bit) {
  const std::lock_guard lock(intx_mutex_);
  isr_ |= bit;
  update_intx();
}

std::uint8_t VirtioPciFunction::read_isr() {
  const std::lock_guard lock(intx_mutex_);
  const std::uint8_t isr = isr_;
  isr_ = 0;
  update_intx();
  return isr;
}

void VirtioPciFunction::update_intx() {
  const bool asserted = isr_ != 0 && !intx_disabled_ && !msix_.enabled();
  if (asserted == intx_asserted_) return;
  intx_asserted_ = asserted;
  slot_.set_intx(asserted);
}

}  // namespace virtcrypt::virtio::pci
