// MSI-X: table, pending bits and masking (PCI 3.0, 6.8.2), and the way of a vector to the slot.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::virtio::pci {

constexpr std::uint16_t kMsixEnable = 1 << 15;  // message control
constexpr std::uint16_t kMsixFunctionMask = 1 << 14;
constexpr std::size_t kMsixEntryBytes = 16;

// A vector that is masked, alone or with its function, or whose function is no bus master, is remembered as
// pending and sent when it may be. Thread-safety: signal() and enabled() from any thread, without a lock.
// Everything else under the function's lock.
class Msix {
 public:
  // `vectors` 1 to 2048.
  Msix(std::uint16_t vectors, Slot& slot);

  [[nodiscard]] std::uint16_t vectors() const { return vectors_; }
  [[nodiscard]] bool enabled() const { return enabled_.load(std::memory_order_acquire); }

  // Message control bits and Bus Master Enable, after each change.
  void set_control(bool enabled, bool function_mask, bool bus_master);

  // Accesses to table and pending bit array, byte offsets inside them; any width, beyond the end reads as 0.
  void read_table(std::size_t offset, std::span<std::byte> data) const;
  void write_table(std::size_t offset, std::span<const std::byte> data);
  void read_pending(std::size_t offset, std::span<std::byte> data) const;

  // What is pending is not to be sent any more: its cause is gone.
  void forget(std::uint16_t vector) { state_[vector].pending.store(false); }
  void forget_all();

  // Sends or remembers. `vector` < vectors().
  void signal(std::uint16_t vector);

 private:
  struct Vector {
    std::atomic<bool> masked{true};  // vector control bit 0; set after reset
    std::atomic<bool> pending{false};
  };

  [[nodiscard]] bool held_back(std::uint16_t vector) const;
  void send_if_pending(std::uint16_t vector);
  void vector_changed(std::uint16_t vector);
  [[nodiscard]] bool is_masked_in_table(std::uint16_t vector) const;
  void route_if_unmasked(std::uint16_t vector);

  const std::uint16_t vectors_;
  Slot& slot_;
  std::unique_ptr<Vector[]> state_;
  std::vector<std::byte> table_;    // as the driver reads it back
  std::vector<MsiMessage> routed_;  // what the slot was told last
  std::vector<bool> is_routed_;
  std::atomic<bool> enabled_{false};
  std::atomic<bool> function_held_{true};  // disabled, function mask, or no bus master
};

}  // namespace virtcrypt::virtio::pci
