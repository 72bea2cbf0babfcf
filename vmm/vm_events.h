// What passes between guest and device without an exit to a vCPU thread: interrupts in, doorbells out.
#pragma once

#include <cstdint>
#include <span>

#include <linux/kvm.h>

namespace virtcrypt::vmm {

// The kernel's part of interrupt and doorbell delivery. KvmVm is the real one; tests put a recorder in its
// place. Thread-safety: any thread.
class VmEvents {
 public:
  virtual ~VmEvents() = default;

  // Level of an interrupt line ("global system interrupt").
  virtual void set_irq_line(std::uint32_t gsi, bool level) = 0;
  // Replaces the whole routing table.
  virtual void set_gsi_routing(std::span<const kvm_irq_routing_entry> entries) = 0;
  // A write to the eventfd raises the GSI from now on, or no longer.
  virtual void add_irqfd(int event_fd, std::uint32_t gsi) = 0;
  virtual void remove_irqfd(int event_fd, std::uint32_t gsi) = 0;
  // A guest write of any width and value to this guest-physical address signals the eventfd instead of
  // causing an exit. False when the kernel refuses: the address is taken, or there are too many; writes then
  // exit as usual.
  [[nodiscard]] virtual bool add_ioeventfd(int event_fd, std::uint64_t address) = 0;
  virtual void remove_ioeventfd(int event_fd, std::uint64_t address) = 0;
};

}  // namespace virtcrypt::vmm
