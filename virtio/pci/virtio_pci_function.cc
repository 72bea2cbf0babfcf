#include "virtcrypt/virtio/pci/virtio_pci_function.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <linux/virtio_pci.h>

#include "virtcrypt/virtio/endian.h"

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

constexpr unsigned kVirtioBar = 0;
constexpr std::uint32_t kCommonOffset = 0x0000;
constexpr std::uint32_t kIsrOffset = 0x1000;
constexpr std::uint32_t kDeviceConfigOffset = 0x2000;
constexpr std::uint32_t kNotifyOffset = 0x3000;
constexpr std::uint32_t kRegionBytes = 0x1000;
constexpr std::uint32_t kNotifyMultiplier = 4;

constexpr unsigned kMsixBar = 2;
constexpr std::uint16_t kMaxMsixVectors = 2048;  // 4.1.5.1.2.1

constexpr std::uint8_t kMsixCapabilityId = 0x11;  // PCI 3.0, appendix H
constexpr std::uint8_t kVendorCapabilityId = 0x09;

constexpr std::uint8_t kIsrQueue = 1;  // 4.1.4.5
constexpr std::uint8_t kIsrConfig = 2;

// struct virtio_pci_cap (4.1.4) behind cap_vndr and cap_next.
struct CapabilityBody {
  std::uint8_t cap_len;
  std::uint8_t cfg_type;
  std::uint8_t bar;
  std::uint8_t id;
  std::uint8_t padding[2];
  Le32 offset;
  Le32 length;
};
static_assert(sizeof(CapabilityBody) == 14);

struct NotifyCapabilityBody {
  CapabilityBody cap;
  Le32 notify_off_multiplier;
};

struct PciCfgCapabilityBody {
  CapabilityBody cap;
  std::uint8_t pci_cfg_data[4];
};

// Offsets inside the PCI_CFG capability, from its start (4.1.4.9).
constexpr std::uint8_t kPciCfgBar = 4;
constexpr std::uint8_t kPciCfgOffset = 8;
constexpr std::uint8_t kPciCfgLength = 12;
constexpr std::uint8_t kPciCfgData = 16;
constexpr std::uint8_t kPciCfgBytes = 20;

struct MsixCapabilityBody {
  Le16 message_control;
  Le32 table;
  Le32 pending;
};
static_assert(sizeof(MsixCapabilityBody) == 10);

template <typename Body>
std::span<const std::byte> bytes_of(const Body& body) {
  return std::as_bytes(std::span(&body, 1));
}

std::uint16_t vectors_for(std::uint16_t queues) {
  // One a queue and one for configuration changes.
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(queues + 1U, kMaxMsixVectors));
}

std::uint64_t msix_bar_bytes(std::uint16_t vectors) {
  return 2 * std::max<std::uint64_t>(0x1000, std::bit_ceil(std::uint64_t{kMsixEntryBytes} * vectors));
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

void VirtioPciFunction::add_capabilities() {
  const std::uint64_t msix_half = msix_bar_bytes(msix_.vectors()) / 2;
  const MsixCapabilityBody msix{.message_control = static_cast<std::uint16_t>(msix_.vectors() - 1),
                                .table = kMsixBar,
                                .pending = static_cast<std::uint32_t>(msix_half) | kMsixBar};
  msix_capability_ = config_.add_capability(kMsixCapabilityId, bytes_of(msix), {{3, 0xC0}});

  add_virtio_capability(VIRTIO_PCI_CAP_COMMON_CFG, kCommonOffset, kCommonConfigBytes);
  const NotifyCapabilityBody notify{.cap = {.cap_len = 2 + sizeof(NotifyCapabilityBody),
                                            .cfg_type = VIRTIO_PCI_CAP_NOTIFY_CFG,
                                            .bar = kVirtioBar,
                                            .id = 0,
                                            .padding = {},
                                            .offset = kNotifyOffset,
                                            .length = notify_bytes_},
                                    .notify_off_multiplier = kNotifyMultiplier};
  virtio_capabilities_.push_back(config_.add_capability(kVendorCapabilityId, bytes_of(notify), {}));
  add_virtio_capability(VIRTIO_PCI_CAP_ISR_CFG, kIsrOffset, 1);
  add_virtio_capability(VIRTIO_PCI_CAP_DEVICE_CFG, kDeviceConfigOffset,
                        static_cast<std::uint32_t>(device_->config_bytes()));

  const PciCfgCapabilityBody pci_cfg{.cap = {.cap_len = kPciCfgBytes,
                                             .cfg_type = VIRTIO_PCI_CAP_PCI_CFG,
                                             .bar = 0,
                                             .id = 0,
                                             .padding = {},
                                             .offset = 0,
                                             .length = 0},
                                     .pci_cfg_data = {}};
  pci_cfg_capability_ = config_.add_capability(kVendorCapabilityId, bytes_of(pci_cfg),
                                               {{4, 0xFF},
                                                {8, 0xFF},
                                                {9, 0xFF},
                                                {10, 0xFF},
                                                {11, 0xFF},
                                                {12, 0xFF},
                                                {13, 0xFF},
                                                {14, 0xFF},
                                                {15, 0xFF},
                                                {16, 0xFF},
                                                {17, 0xFF},
                                                {18, 0xFF},
                                                {19, 0xFF}});
}

void VirtioPciFunction::add_virtio_capability(std::uint8_t type, std::uint32_t offset, std::uint32_t length) {
  const CapabilityBody body{.cap_len = 2 + sizeof(CapabilityBody),
                            .cfg_type = type,
                            .bar = kVirtioBar,
                            .id = 0,
                            .padding = {},
                            .offset = offset,
                            .length = length};
  virtio_capabilities_.push_back(config_.add_capability(kVendorCapabilityId, bytes_of(body), {}));
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

std::uint32_t VirtioPciFunction::config_read(std::uint16_t offset, unsigned width) {
  const std::lock_guard lock(config_mutex_);
  const unsigned data_start = pci_cfg_capability_ + kPciCfgData;
  if (offset + width > data_start && offset < data_start + 4U) {
    if (observer_ != nullptr) show_window();
    std::uint64_t target = 0;
    unsigned bar = 0;
    std::size_t length = 0;
    if (pci_cfg_target(target, bar, length)) {
      std::array<std::byte, 4> data{};
      read_region(bar, target, std::span(data).first(length));
      Le32 value;
      std::memcpy(&value, data.data(), sizeof value);
      config_.set(static_cast<std::uint16_t>(data_start), 4, value);
    }
  }
  std::uint32_t value = config_.read(offset, width);
  if (offset <= kStatusRegister && offset + width > kStatusRegister && !msix_.enabled()) {
    const std::lock_guard intx_lock(intx_mutex_);
    if (isr_ != 0) value |= std::uint32_t{kStatusInterrupt} << (8 * (kStatusRegister - offset));
  }
  return value;
}

void VirtioPciFunction::config_write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  Reset reset = Reset::kNone;
  {
    const std::lock_guard lock(config_mutex_);
    config_.write(offset, width, value);
    const unsigned data_start = pci_cfg_capability_ + kPciCfgData;
    if (observer_ != nullptr) {
      show_capability_write(offset, width, value);
      if (offset + width > data_start && offset < data_start + 4U) show_window();
    }
    std::uint64_t target = 0;
    unsigned bar = 0;
    std::size_t length = 0;
    if (offset + width > data_start && offset < data_start + 4U && pci_cfg_target(target, bar, length)) {
      const Le32 data = config_.read(static_cast<std::uint16_t>(data_start), 4);
      reset = write_region(bar, target, bytes_of(data).first(length));
    } else {
      config_changed();
    }
  }
  if (reset == Reset::kRequested) reset_device();
}

// 4.1.4.9.1: where an access to pci_cfg_data goes. What the driver must not program (4.1.4.9.2) goes nowhere.
bool VirtioPciFunction::pci_cfg_target(std::uint64_t& offset, unsigned& bar, std::size_t& length) const {
  const auto field = [this](std::uint8_t at) { return static_cast<std::uint16_t>(pci_cfg_capability_ + at); };
  bar = config_.read(field(kPciCfgBar), 1);
  offset = config_.read(field(kPciCfgOffset), 4);
  length = config_.read(field(kPciCfgLength), 4);
  if ((length != 1 && length != 2 && length != 4) || offset % length != 0) return false;
  const auto& bars = config_.bars();
  return std::any_of(bars.begin(), bars.end(),
                     [&](const BarInfo& info) { return info.bar == bar && offset + length <= info.size; });
}

// Bytes of a virtio capability that no driver writes.
void VirtioPciFunction::show_capability_write(std::uint16_t offset, unsigned width,
                                              std::uint32_t value) const {
  for (const std::uint8_t start : virtio_capabilities_) {
    const unsigned end = start + config_.read(static_cast<std::uint16_t>(start + 2), 1);
    if (offset < end && offset + width > start) return observer_->capability_written(offset, value);
  }
  if (offset < pci_cfg_capability_ + 4U && offset + width > pci_cfg_capability_)
    observer_->capability_written(offset, value);
}

// pci_cfg_data is accessed. A window of no length is none: whoever dumps configuration space reads that.
void VirtioPciFunction::show_window() const {
  const auto field = [this](std::uint8_t at, unsigned width) {
    return config_.read(static_cast<std::uint16_t>(pci_cfg_capability_ + at), width);
  };
  const unsigned bar = field(kPciCfgBar, 1);
  const std::uint64_t offset = field(kPciCfgOffset, 4);
  const std::uint64_t length = field(kPciCfgLength, 4);
  if (length == 0) return;
  const auto lies_in = [&](std::uint64_t start, std::uint64_t bytes) {
    return offset >= start && offset + length <= start + bytes;
  };
  const bool in_structure =
      bar == kVirtioBar &&
      (lies_in(kCommonOffset, kCommonConfigBytes) || lies_in(kIsrOffset, 1) ||
       lies_in(kDeviceConfigOffset, device_->config_bytes()) || lies_in(kNotifyOffset, notify_bytes_));
  observer_->window_used(bar, offset, length, in_structure);
}

// Applies what a write to configuration space has changed: BAR decoding, bus mastering, MSI-X control, INTA#.
void VirtioPciFunction::config_changed() {
  const bool decodes = config_.command_has(kCommandMemory);
  for (std::size_t i = 0; i < mapped_at_.size(); ++i) {
    const BarInfo& bar = config_.bars()[i];
    const std::uint64_t address = decodes ? config_.bar_address(bar) : 0;
    if (address == mapped_at_[i]) continue;
    if (mapped_at_[i] != 0) slot_.unmap_bar(bar.bar);
    if (address != 0) slot_.map_bar(bar.bar, address, bar.size);
    mapped_at_[i] = address;
  }

  const bool bus_master = config_.command_has(kCommandBusMaster);
  if (bus_master != bus_master_) {
    bus_master_ = bus_master;
    device_->set_bus_master(bus_master);
  }
  const std::uint32_t control = config_.read(static_cast<std::uint16_t>(msix_capability_ + 2), 2);
  msix_.set_control((control & kMsixEnable) != 0, (control & kMsixFunctionMask) != 0, bus_master);
  {
    const std::lock_guard intx_lock(intx_mutex_);
    intx_disabled_ = config_.command_has(kCommandIntxDisable);
    update_intx();
  }
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
