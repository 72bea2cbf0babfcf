// The machine's side of a slot for tests: remembers mappings and counts interrupts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::test {

// Thread-safety: any thread.
class FakeSlot final : public virtio::pci::Slot {
 public:
  struct Mapping {
    std::uint64_t base;
    std::uint64_t size;
  };

  void map_bar(unsigned bar, std::uint64_t base, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    mappings_[bar] = {base, size};
  }
  void unmap_bar(unsigned bar) override {
    const std::lock_guard lock(mutex_);
    mappings_.erase(bar);
  }
  void route_msix(std::uint16_t vector, const virtio::pci::MsiMessage& message) override {
    const std::lock_guard lock(mutex_);
    routes_[vector] = message;
  }
  void signal_msix(std::uint16_t vector) override {
    const std::lock_guard lock(mutex_);
    // A vector without a route would be lost in a machine.
    if (routes_.count(vector) != 0) ++signals_[vector];
  }
  void set_intx(bool asserted) override {
    const std::lock_guard lock(mutex_);
    intx_ = asserted;
    if (asserted) ++intx_edges_;
  }

  [[nodiscard]] std::map<unsigned, Mapping> mappings() const {
    const std::lock_guard lock(mutex_);
    return mappings_;
  }
  [[nodiscard]] std::map<std::uint16_t, virtio::pci::MsiMessage> routes() const {
    const std::lock_guard lock(mutex_);
    return routes_;
  }
  [[nodiscard]] unsigned signals(std::uint16_t vector) const {
    const std::lock_guard lock(mutex_);
    const auto found = signals_.find(vector);
    return found == signals_.end() ? 0 : found->second;
  }
  [[nodiscard]] bool intx() const {
    const std::lock_guard lock(mutex_);
    return intx_;
  }
  [[nodiscard]] unsigned intx_edges() const {
    const std::lock_guard lock(mutex_);
    return intx_edges_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<unsigned, Mapping> mappings_;
  std::map<std::uint16_t, virtio::pci::MsiMessage> routes_;
  std::map<std::uint16_t, unsigned> signals_;
  bool intx_ = false;
  unsigned intx_edges_ = 0;
};

}  // namespace virtcrypt::test
