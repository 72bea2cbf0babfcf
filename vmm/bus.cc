#include "virtcrypt/vmm/bus.h"

#include <algorithm>
#include <mutex>

namespace virtcrypt::vmm {

void Bus::add(std::uint64_t base, std::uint64_t size, devices::IoHandler& handler) {
  const std::unique_lock lock(mutex_);
  ranges_.push_back({base, size, &handler});
}

void Bus::remove(const devices::IoHandler& handler) {
  const std::unique_lock lock(mutex_);
  std::erase_if(ranges_, [&](const Range& range) { return range.handler == &handler; });
}

Bus::Range Bus::find(std::uint64_t address) const {
  const std::shared_lock lock(mutex_);
  // The difference wraps for addresses below the base and is then larger than any size.
  const auto hit = std::find_if(ranges_.begin(), ranges_.end(),
                                [&](const Range& range) { return address - range.base < range.size; });
  return hit != ranges_.end() ? *hit : Range{address, 0, nullptr};
}

void Bus::read(std::uint64_t address, std::span<std::byte> data) {
  const Range whole = find(address);
  if (whole.handler != nullptr && data.size() <= whole.size - (address - whole.base)) {
    whole.handler->read(address - whole.base, data);
    return;
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Range range = find(address + i);
    data[i] = std::byte{0xFF};
    if (range.handler != nullptr) range.handler->read(address + i - range.base, data.subspan(i, 1));
  }
}

void Bus::write(std::uint64_t address, std::span<const std::byte> data) {
  const Range whole = find(address);
  if (whole.handler != nullptr && data.size() <= whole.size - (address - whole.base)) {
    whole.handler->write(address - whole.base, data);
    return;
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Range range = find(address + i);
    if (range.handler != nullptr) range.handler->write(address + i - range.base, data.subspan(i, 1));
  }
}

}  // namespace virtcrypt::vmm
