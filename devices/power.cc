#include "virtcrypt/devices/power.h"

#include <algorithm>
#include <utility>

namespace virtcrypt::devices {
namespace {

// Offsets of the 16-bit registers; PM1_STS, at 0, is always clear.
constexpr std::uint64_t kEnable = 2;
constexpr std::uint64_t kControl = 4;

// PM1_EN: timer, global lock, power button, sleep button, RTC, PCI Express wake disable. A system reads back
// what it wrote, to see whether it worked.
constexpr std::uint16_t kEnableWritable = 1U << 0U | 1U << 5U | 1U << 8U | 1U << 9U | 1U << 10U | 1U << 14U;
// PM1_CNT: SCI_EN; BM_RLD and SLP_TYP keep what is written; GBL_RLS and SLP_EN read as 0.
constexpr std::uint16_t kSciEnable = 1U << 0U;
constexpr std::uint16_t kSleepTypeMask = 7U << 10U;
constexpr std::uint16_t kControlWritable = 1U << 1U | kSleepTypeMask;
constexpr std::uint16_t kSleepEnable = 1U << 13U;

void replace_byte(std::uint16_t& target, bool high, std::uint8_t value, std::uint16_t writable) {
  const unsigned shift = high ? 8 : 0;
  const auto mask = static_cast<std::uint16_t>(writable & (0xFFU << shift));
  const auto bits = static_cast<std::uint16_t>(static_cast<unsigned>(value) << shift);
  target = static_cast<std::uint16_t>((target & ~mask) | (bits & mask));
}

}  // namespace

// ---------------------------------------------------------------- AcpiPowerRegisters

AcpiPowerRegisters::AcpiPowerRegisters(unsigned soft_off, std::function<void(PowerRequest)> request)
    : soft_off_(soft_off), request_(std::move(request)) {}

std::byte AcpiPowerRegisters::read_byte(std::uint64_t offset) const {
  std::uint16_t value = 0;
  if ((offset & ~1ULL) == kEnable) value = enable_;
  if ((offset & ~1ULL) == kControl) value = control_ | kSciEnable;
  return static_cast<std::byte>(value >> (8U * (offset & 1U)));
}

bool AcpiPowerRegisters::write_byte(std::uint64_t offset, std::uint8_t value) {
  const bool high = (offset & 1U) != 0;
  if ((offset & ~1ULL) == kEnable) replace_byte(enable_, high, value, kEnableWritable);
  if ((offset & ~1ULL) != kControl) return false;  // PM1_STS: clearing bits that are never set
  replace_byte(control_, high, value, kControlWritable);
  // SLP_EN and SLP_TYP are in the same byte, so a byte-wide write is as good as a word.
  return high && (value & (kSleepEnable >> 8U)) != 0 && (control_ & kSleepTypeMask) >> 10U == soft_off_;
}

void AcpiPowerRegisters::read(std::uint64_t offset, std::span<std::byte> data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = read_byte(offset + i);
  }
}

void AcpiPowerRegisters::write(std::uint64_t offset, std::span<const std::byte> data) {
  bool off = false;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < data.size(); ++i) {
      off = write_byte(offset + i, std::to_integer<std::uint8_t>(data[i])) || off;
    }
  }
  if (off) request_(PowerRequest::kPowerOff);
}

// ---------------------------------------------------------------- ResetPort

ResetPort::ResetPort(std::uint8_t reset_value, std::function<void(PowerRequest)> request)
    : reset_value_(std::byte{reset_value}), request_(std::move(request)) {}

void ResetPort::read(std::uint64_t /*offset*/, std::span<std::byte> data) {
  std::fill(data.begin(), data.end(), std::byte{0});
}

void ResetPort::write(std::uint64_t /*offset*/, std::span<const std::byte> data) {
  if (data.front() == reset_value_) request_(PowerRequest::kReset);
}

}  // namespace virtcrypt::devices
