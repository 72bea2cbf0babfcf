// The virtio-crypto function as a driver sees it: capabilities, BARs, device status, MSI-X (VIRTIO 1.4, 4.1).
#pragma once

#include <cstdint>

#include "cpu.h"
#include "pci.h"

namespace virtcrypt::guest {

// Where a capability says that registers are.
struct RegisterRange {
  unsigned bar = 0xFF;  // none
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

// Offsets in the common configuration (4.1.4.3).
enum CommonRegister : std::uint32_t {
  kDeviceFeatureSelect = 0,
  kDeviceFeature = 4,
  kDriverFeatureSelect = 8,
  kDriverFeature = 12,
  kConfigVector = 16,
  kNumQueues = 18,
  kDeviceStatus = 20,
  kConfigGeneration = 21,
  kQueueSelect = 22,
  kQueueSize = 24,
  kQueueVector = 26,
  kQueueEnable = 28,
  kQueueNotifyOffset = 30,
  kQueueDescriptors = 32,
  kQueueDriver = 40,
  kQueueDevice = 48,
};

// Device status bits (2.1).
constexpr std::uint8_t kAcknowledge = 1;
constexpr std::uint8_t kDriver = 2;
constexpr std::uint8_t kDriverOk = 4;
constexpr std::uint8_t kFeaturesOk = 8;
constexpr std::uint8_t kNeedsReset = 64;

constexpr std::uint32_t kVersion1Word = 1;  // feature bit 32 is bit 0 of word 1
constexpr std::uint32_t kVersion1Bit = 1;
constexpr std::uint16_t kNoVector = 0xFFFF;

class Function {
 public:
  explicit Function(unsigned slot) : slot_(slot) {}

  // Reads the capability list; false when one that a virtio-crypto device has is not there.
  [[nodiscard]] bool find_capabilities();
  [[nodiscard]] unsigned slot() const { return slot_; }

  template <typename Value>
  [[nodiscard]] Value config(std::uint16_t offset) const {
    return read_register<Value>(ecam(slot_, offset));
  }
  template <typename Value>
  void set_config(std::uint16_t offset, Value value) const {
    write_register<Value>(ecam(slot_, offset), value);
  }
  // Sets or clears bits of the command register.
  void set_command(std::uint16_t bits, bool on) const;

  [[nodiscard]] std::uint64_t bar(unsigned index) const;
  void set_bar(unsigned index, std::uint64_t address) const;
  [[nodiscard]] std::uint64_t bar_size(unsigned index) const;

  [[nodiscard]] const RegisterRange& common_range() const { return common_; }
  [[nodiscard]] std::uint16_t pci_cfg_capability() const { return pci_cfg_; }

  template <typename Value>
  [[nodiscard]] Value common(CommonRegister offset) const {
    return read_register<Value>(address(common_) + offset);
  }
  template <typename Value>
  void set_common(CommonRegister offset, Value value) const {
    write_register<Value>(address(common_) + offset, value);
  }
  [[nodiscard]] std::uint32_t device_config(std::uint32_t offset) const {
    return read_register<std::uint32_t>(address(device_) + offset);
  }
  [[nodiscard]] std::uint8_t read_isr() const { return read_register<std::uint8_t>(address(isr_)); }

  [[nodiscard]] std::uint8_t status() const { return common<std::uint8_t>(kDeviceStatus); }
  void set_status(std::uint8_t value) const { set_common<std::uint8_t>(kDeviceStatus, value); }
  // Writes 0 and waits until it reads 0 (4.1.4.3.2).
  [[nodiscard]] bool reset() const;
  // From reset to FEATURES_OK with VERSION_1 alone; true when the device kept FEATURES_OK.
  [[nodiscard]] bool negotiate() const;
  void accept_feature_word(std::uint32_t word, std::uint32_t bits) const;
  void notify(std::uint16_t queue, std::uint16_t notify_offset) const;

  void enable_msix(bool on, bool function_mask) const;
  void set_msix_vector(std::uint16_t index, std::uint8_t vector, bool masked) const;
  void mask_msix_vector(std::uint16_t index, bool masked) const;
  [[nodiscard]] bool is_pending(std::uint16_t index) const;
  [[nodiscard]] std::uint16_t msix_vectors() const;

 private:
  [[nodiscard]] std::uint64_t address(const RegisterRange& range) const {
    return bar(range.bar) + range.offset;
  }
  [[nodiscard]] std::uint64_t msix_entry(std::uint16_t index) const {
    return address(msix_table_) + 16U * index;
  }
  void read_virtio_capability(std::uint16_t at);
  void read_msix_capability(std::uint16_t at);

  unsigned slot_;
  RegisterRange common_, notify_, isr_, device_, msix_table_, msix_pending_;
  std::uint32_t notify_multiplier_ = 0;
  std::uint16_t pci_cfg_ = 0;
  std::uint16_t msix_ = 0;
};

}  // namespace virtcrypt::guest
