#include "virtcrypt/virtio/pci/msix.h"

#include <algorithm>
#include <cstring>

#include "virtcrypt/virtio/endian.h"

namespace virtcrypt::virtio::pci {
namespace {

// PCI 3.0, 6.8.2.6 to 6.8.2.9. The guest controls every field.
struct TableEntry {
  Le64 address;
  Le32 data;
  Le32 vector_control;
};
static_assert(sizeof(TableEntry) == kMsixEntryBytes);

constexpr std::uint32_t kVectorMask = 1;

}  // namespace

Msix::Msix(std::uint16_t vectors, Slot& slot)
    : vectors_(vectors),
      slot_(slot),
      state_(std::make_unique<Vector[]>(vectors)),
      table_(kMsixEntryBytes * vectors),
      routed_(vectors),
      is_routed_(vectors) {
  const TableEntry masked{0, 0, kVectorMask};
  for (std::size_t i = 0; i < vectors; ++i)
    std::memcpy(&table_[kMsixEntryBytes * i], &masked, sizeof masked);
}

void Msix::set_control(bool enabled, bool function_mask, bool bus_master) {
  enabled_.store(enabled, std::memory_order_release);
  // What was pending belongs to the time before; without MSI-X the function interrupts through INTA#.
  if (!enabled) forget_all();
  const bool held = !enabled || function_mask || !bus_master;
  // Routes are in place before the function opens.
  if (!held) {
    for (std::uint16_t i = 0; i < vectors_; ++i)
      route_if_unmasked(i);
  }
  function_held_.store(held);
  for (std::uint16_t i = 0; i < vectors_; ++i)
    send_if_pending(i);
}

void Msix::forget_all() {
  for (std::uint16_t i = 0; i < vectors_; ++i)
    forget(i);
}

void Msix::read_table(std::size_t offset, std::span<std::byte> data) const {
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = offset + i < table_.size() ? table_[offset + i] : std::byte{0};
  }
}

void Msix::write_table(std::size_t offset, std::span<const std::byte> data) {
  if (offset >= table_.size()) return;
  data = data.first(std::min(data.size(), table_.size() - offset));
  if (data.empty()) return;
  std::memcpy(&table_[offset], data.data(), data.size());
  const std::size_t last = (offset + data.size() - 1) / kMsixEntryBytes;
  for (std::size_t entry = offset / kMsixEntryBytes; entry <= last; ++entry) {
    vector_changed(static_cast<std::uint16_t>(entry));
  }
}

void Msix::read_pending(std::size_t offset, std::span<std::byte> data) const {
  for (std::size_t i = 0; i < data.size(); ++i) {
    unsigned bits = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const std::size_t vector = 8 * (offset + i) + bit;
      if (vector < vectors_ && state_[vector].pending.load()) bits |= 1U << bit;
    }
    data[i] = std::byte(bits);
  }
}

// Masking and signalling meet without a lock: signal() sets pending and then looks at the masks again,
// unmasking clears the mask and then looks at pending. Both use sequentially consistent accesses, so one of
// them sees the other, and exchange() lets exactly one of them send.
void Msix::signal(std::uint16_t vector) {
  state_[vector].pending.store(true);
  send_if_pending(vector);
}

bool Msix::held_back(std::uint16_t vector) const {
  return function_held_.load() || state_[vector].masked.load();
}

void Msix::send_if_pending(std::uint16_t vector) {
  if (!held_back(vector) && state_[vector].pending.exchange(false)) slot_.signal_msix(vector);
}

void Msix::vector_changed(std::uint16_t vector) {
  // The route is in place before the mask opens.
  if (!function_held_.load()) route_if_unmasked(vector);
  state_[vector].masked.store(is_masked_in_table(vector));
  send_if_pending(vector);
}

bool Msix::is_masked_in_table(std::uint16_t vector) const {
  TableEntry entry;
  std::memcpy(&entry, &table_[kMsixEntryBytes * vector], sizeof entry);
  return (entry.vector_control & kVectorMask) != 0;
}

void Msix::route_if_unmasked(std::uint16_t vector) {
  if (is_masked_in_table(vector)) return;
  TableEntry entry;
  std::memcpy(&entry, &table_[kMsixEntryBytes * vector], sizeof entry);
  const MsiMessage message{entry.address, entry.data};
  if (is_routed_[vector] && routed_[vector] == message) return;
  slot_.route_msix(vector, message);
  routed_[vector] = message;
  is_routed_[vector] = true;
}

}  // namespace virtcrypt::virtio::pci
