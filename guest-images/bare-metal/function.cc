#include "function.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint8_t kVendorCapability = 0x09;
constexpr std::uint8_t kMsixCapability = 0x11;
constexpr std::uint16_t kMsixEnable = 1 << 15;
constexpr std::uint16_t kMsixFunctionMask = 1 << 14;

}  // namespace

bool Function::find_capabilities() {
  std::uint16_t at = config<std::uint8_t>(kPciCapabilities);
  // 48 capabilities of 4 bytes are the most that fit: a list that loops ends there.
  for (unsigned i = 0; i < 48 && at >= 0x40; ++i) {
    const auto id = config<std::uint8_t>(at);
    if (id == kVendorCapability) read_virtio_capability(at);
    if (id == kMsixCapability) read_msix_capability(at);
    at = config<std::uint8_t>(static_cast<std::uint16_t>(at + 1));
  }
  return common_.bar < 6 && notify_.bar < 6 && isr_.bar < 6 && device_.bar < 6 && pci_cfg_ != 0 && msix_ != 0;
}

void Function::read_virtio_capability(std::uint16_t at) {
  const auto byte = [&](unsigned offset) {
    return config<std::uint8_t>(static_cast<std::uint16_t>(at + offset));
  };
  const auto word = [&](unsigned offset) {
    return config<std::uint32_t>(static_cast<std::uint16_t>(at + offset));
  };
  const RegisterRange range{byte(4), word(8), word(12)};
  switch (byte(3)) {
    case 1:
      common_ = range;
      break;
    case 2:
      notify_ = range;
      notify_multiplier_ = word(16);
      break;
    case 3:
      isr_ = range;
      break;
    case 4:
      device_ = range;
      break;
    case 5:
      pci_cfg_ = at;
      break;
    default:
      break;
  }
}

void Function::read_msix_capability(std::uint16_t at) {
  msix_ = at;
  const auto table = config<std::uint32_t>(static_cast<std::uint16_t>(at + 4));
  const auto pending = config<std::uint32_t>(static_cast<std::uint16_t>(at + 8));
  msix_table_ = {table & 7, table & ~7U, 16U * msix_vectors()};
  msix_pending_ = {pending & 7, pending & ~7U, (msix_vectors() + 63U) / 64U * 8U};
}

void Function::set_command(std::uint16_t bits, bool on) const {
  const auto command = config<std::uint16_t>(kPciCommand);
  set_config<std::uint16_t>(kPciCommand, static_cast<std::uint16_t>(on ? command | bits : command & ~bits));
}

std::uint64_t Function::bar(unsigned index) const {
  const auto at = static_cast<std::uint16_t>(kPciBar0 + 4 * index);
  const auto low = config<std::uint32_t>(at);
  const bool is_64bit = (low & 6) == 4;
  const std::uint64_t high = is_64bit ? config<std::uint32_t>(static_cast<std::uint16_t>(at + 4)) : 0;
  return high << 32 | (low & ~0xFU);
}

void Function::set_bar(unsigned index, std::uint64_t address) const {
  const auto at = static_cast<std::uint16_t>(kPciBar0 + 4 * index);
  const bool is_64bit = (config<std::uint32_t>(at) & 6) == 4;
  set_config<std::uint32_t>(at, static_cast<std::uint32_t>(address));
  if (is_64bit)
    set_config<std::uint32_t>(static_cast<std::uint16_t>(at + 4), static_cast<std::uint32_t>(address >> 32));
}

std::uint64_t Function::bar_size(unsigned index) const {
  const std::uint64_t address = bar(index);
  set_bar(index, ~std::uint64_t{0});
  const std::uint64_t writable = bar(index);
  set_bar(index, address);
  return ~writable + 1;
}

bool Function::reset() const {
  set_status(0);
  return wait_until([this] { return status() == 0; });
}

void Function::accept_feature_word(std::uint32_t word, std::uint32_t bits) const {
  set_common<std::uint32_t>(kDriverFeatureSelect, word);
  set_common<std::uint32_t>(kDriverFeature, bits);
}

bool Function::negotiate() const {
  if (!reset()) return false;
  set_status(kAcknowledge);
  set_status(kAcknowledge | kDriver);
  accept_feature_word(0, 0);
  accept_feature_word(kVersion1Word, kVersion1Bit);
  set_status(kAcknowledge | kDriver | kFeaturesOk);
  return (status() & kFeaturesOk) != 0;
}

void Function::notify(std::uint16_t queue, std::uint16_t notify_offset) const {
  write_register<std::uint16_t>(address(notify_) + std::uint64_t{notify_offset} * notify_multiplier_, queue);
}

void Function::enable_msix(bool on, bool function_mask) const {
  set_config<std::uint16_t>(
      static_cast<std::uint16_t>(msix_ + 2),
      static_cast<std::uint16_t>((on ? kMsixEnable : 0) | (function_mask ? kMsixFunctionMask : 0)));
}

void Function::set_msix_vector(std::uint16_t index, std::uint8_t vector, bool masked) const {
  constexpr std::uint64_t kLocalApic = 0xFEE0'0000;
  mask_msix_vector(index, true);
  write_register<std::uint32_t>(msix_entry(index), static_cast<std::uint32_t>(kLocalApic));
  write_register<std::uint32_t>(msix_entry(index) + 4, 0);
  write_register<std::uint32_t>(msix_entry(index) + 8, vector);
  mask_msix_vector(index, masked);
}

void Function::mask_msix_vector(std::uint16_t index, bool masked) const {
  write_register<std::uint32_t>(msix_entry(index) + 12, masked ? 1 : 0);
}

bool Function::is_pending(std::uint16_t index) const {
  const auto word = read_register<std::uint32_t>(address(msix_pending_) + index / 32U * 4U);
  return (word >> (index % 32U) & 1) != 0;
}

std::uint16_t Function::msix_vectors() const {
  return static_cast<std::uint16_t>((config<std::uint16_t>(static_cast<std::uint16_t>(msix_ + 2)) & 0x7FF) +
                                    1);
}

}  // namespace virtcrypt::guest
