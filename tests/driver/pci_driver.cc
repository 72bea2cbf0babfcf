#include "tests/driver/pci_driver.h"

#include <cstring>

namespace virtcrypt::test {
namespace {

constexpr std::uint8_t kMsixId = 0x11;
constexpr std::uint8_t kVendorId = 0x09;

}  // namespace

void PciDriver::find_capabilities() {
  const auto config = [this](unsigned offset, unsigned width) {
    return function_.config_read(static_cast<std::uint16_t>(offset), width);
  };
  for (unsigned at = config(0x34, 1), steps = 0; at != 0 && steps < 48; at = config(at + 1, 1), ++steps) {
    const std::uint32_t id = config(at, 1);
    if (id == kMsixId) msix_capability_ = static_cast<std::uint8_t>(at);
    if (id != kVendorId) continue;
    const auto type = static_cast<std::uint8_t>(config(at + 3, 1));
    if (structures_.count(type) != 0) continue;
    structures_[type] = {.capability = static_cast<std::uint8_t>(at),
                         .bar = static_cast<std::uint8_t>(config(at + 4, 1)),
                         .offset = config(at + 8, 4),
                         .length = config(at + 12, 4)};
    if (type == 2) notify_multiplier_ = config(at + 16, 4);
  }
}

std::uint64_t PciDriver::read_bar(unsigned bar, std::uint64_t offset, unsigned width) {
  std::uint64_t value = 0;
  function_.bar_read(bar, offset, std::as_writable_bytes(std::span(&value, 1)).first(width));
  return value;
}

void PciDriver::write_bar(unsigned bar, std::uint64_t offset, std::uint64_t value, unsigned width) {
  function_.bar_write(bar, offset, std::as_bytes(std::span(&value, 1)).first(width));
}

std::uint32_t PciDriver::read(std::uint8_t structure, std::uint32_t offset, unsigned width) {
  const Structure& where = structures_.at(structure);
  return static_cast<std::uint32_t>(read_bar(where.bar, where.offset + offset, width));
}

void PciDriver::write(std::uint8_t structure, std::uint32_t offset, unsigned width, std::uint32_t value) {
  const Structure& where = structures_.at(structure);
  write_bar(where.bar, where.offset + offset, value, width);
}

Bytes PciDriver::read_device_config(std::uint32_t offset, std::size_t bytes) {
  const Structure& where = structures_.at(4);
  Bytes data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    function_.bar_read(where.bar, where.offset + offset + i, std::span(data).subspan(i, 1));
  }
  return data;
}

void PciDriver::read_all_device_config() {
  const std::uint32_t bytes = structures_.at(4).length;
  for (std::uint32_t before = 0, after = 1; before != after;) {
    before = read_common(common::kConfigGeneration, 1);
    for (std::uint32_t offset = 0; offset + 4 <= bytes; offset += 4) {
      [[maybe_unused]] const std::uint32_t field = read(4, offset, 4);
    }
    after = read_common(common::kConfigGeneration, 1);
  }
}

void PciDriver::set_command(std::uint16_t bits) {
  function_.config_write(4, 2, bits);
}

void PciDriver::add_status(std::uint8_t bits) {
  write_common(common::kDeviceStatus, 1, device_status() | bits);
}

std::uint64_t PciDriver::offered() {
  write_common(common::kDeviceFeatureSelect, 4, 0);
  const std::uint64_t low = read_common(common::kDeviceFeature, 4);
  write_common(common::kDeviceFeatureSelect, 4, 1);
  return low | std::uint64_t{read_common(common::kDeviceFeature, 4)} << 32;
}

void PciDriver::set_driver_features(std::uint64_t features) {
  write_common(common::kDriverFeatureSelect, 4, 0);
  write_common(common::kDriverFeature, 4, static_cast<std::uint32_t>(features));
  write_common(common::kDriverFeatureSelect, 4, 1);
  write_common(common::kDriverFeature, 4, static_cast<std::uint32_t>(features >> 32));
}

bool PciDriver::negotiate(std::uint64_t features) {
  add_status(status::kAcknowledge);
  add_status(status::kDriver);
  set_driver_features(features);
  notif_config_data_ = (features & feature::kNotifConfigData) != 0;
  notification_data_ = (features & feature::kNotificationData) != 0;
  add_status(status::kFeaturesOk);
  return (device_status() & status::kFeaturesOk) != 0;
}

void PciDriver::set_queue(std::uint16_t queue, const DriverRing& ring, std::uint16_t vector) {
  const auto write64 = [this](std::uint32_t offset, std::uint64_t value) {
    write_common(offset, 4, static_cast<std::uint32_t>(value));
    write_common(offset + 4, 4, static_cast<std::uint32_t>(value >> 32));
  };
  write_common(common::kQueueSelect, 2, queue);
  write_common(common::kQueueSize, 2, ring.size());
  write64(common::kQueueDesc, ring.descriptor_area());
  write64(common::kQueueDriver, ring.driver_area());
  write64(common::kQueueDevice, ring.device_area());
  write_common(common::kQueueVector, 2, vector);
  [[maybe_unused]] const std::uint32_t mapped = read_common(common::kQueueVector, 2);
  notify_offsets_[queue] = read_common(common::kQueueNotifyOff, 2) * notify_multiplier_;
  // 4.1.5.2: what names the queue in a notification.
  notify_values_[queue] =
      notif_config_data_ ? static_cast<std::uint16_t>(read_common(common::kQueueNotifConfigData, 2)) : queue;
  write_common(common::kQueueEnable, 2, 1);
}

void PciDriver::request_queue_reset(std::uint16_t queue) {
  write_common(common::kQueueSelect, 2, queue);
  write_common(common::kQueueReset, 2, 1);
}

bool PciDriver::queue_resets(std::uint16_t queue) {
  write_common(common::kQueueSelect, 2, queue);
  return read_common(common::kQueueReset, 2) != 0;
}

void PciDriver::kick(std::uint16_t queue, std::optional<std::uint16_t> next) {
  const std::uint32_t value = notify_values_.at(queue);
  write_doorbell(queue, value | std::uint32_t{next.value_or(0)} << 16, next ? 4 : 2);
}

void PciDriver::kick(std::uint16_t queue, const DriverRing& ring) {
  kick(queue, notification_data_ ? std::optional(ring.next_available()) : std::nullopt);
}

void PciDriver::write_doorbell(std::uint16_t queue, std::uint32_t value, unsigned width) {
  write(2, notify_offsets_.at(queue), width, value);
}

void PciDriver::enable_msix(bool enabled, bool function_mask) {
  const auto control = static_cast<std::uint16_t>(msix_capability_ + 2);
  const std::uint32_t size = function_.config_read(control, 2) & 0x7FF;
  function_.config_write(control, 2, size | (enabled ? 0x8000U : 0U) | (function_mask ? 0x4000U : 0U));
}

void PciDriver::program_vector(std::uint16_t vector, std::uint64_t address, std::uint32_t data, bool masked) {
  const std::uint32_t table = function_.config_read(static_cast<std::uint16_t>(msix_capability_ + 4), 4);
  const std::uint64_t entry = (table & ~7U) + std::uint64_t{16} * vector;
  write_bar(table & 7, entry, address & 0xFFFF'FFFF, 4);
  write_bar(table & 7, entry + 4, address >> 32, 4);
  write_bar(table & 7, entry + 8, data, 4);
  write_bar(table & 7, entry + 12, masked ? 1 : 0, 4);
}

void PciDriver::mask_vector(std::uint16_t vector, bool masked) {
  const std::uint32_t table = function_.config_read(static_cast<std::uint16_t>(msix_capability_ + 4), 4);
  write_bar(table & 7, (table & ~7U) + std::uint64_t{16} * vector + 12, masked ? 1 : 0, 4);
}

bool PciDriver::pending(std::uint16_t vector) {
  const std::uint32_t array = function_.config_read(static_cast<std::uint16_t>(msix_capability_ + 8), 4);
  // By 32 or 64 bits only: what else would do is undefined (PCI Local Bus 3.0, 6.8.2).
  return (read_bar(array & 7, (array & ~7U) + vector / 32U * 4, 4) >> (vector % 32) & 1) != 0;
}

}  // namespace virtcrypt::test
