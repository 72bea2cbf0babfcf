// How devices interrupt the guest: lines into PIC and IOAPIC, and messages to local APICs.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include <linux/kvm.h>

#include "virtcrypt/devices/log_limiter.h"
#include "virtcrypt/virtio/pci/function.h"
#include "virtcrypt/vmm/file_descriptor.h"
#include "virtcrypt/vmm/vm_events.h"

namespace virtcrypt::vmm {

class InterruptLine;

// Owner of the machine's GSI routing table. GSIs 0 to 23 are the wires of a PC: 0 to 15 into the PICs, 0 to
// 23 into the IOAPIC, where GSI 0 (the timer) arrives at pin 2, as the MADT's override says. From
// layout::kMsiGsiBase on, a GSI stands for one MSI-X vector. Thread-safety: any thread.
class Interrupts {
 public:
  // Installs the wires.
  explicit Interrupts(VmEvents& events);
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  friend class InterruptLine;
  friend class MsiVector;

  void set_line(InterruptLine& line, bool asserted);
  // Both update the table in the kernel. False, with the old table in force, when the kernel refuses it.
  [[nodiscard]] bool set_message(std::uint32_t gsi, const virtio::pci::MsiMessage& message);
  void remove_message(std::uint32_t gsi);
  // 0 when the kernel's table is full.
  [[nodiscard]] std::uint32_t allocate_gsi();
  [[nodiscard]] bool install();

  VmEvents& events_;
  std::mutex mutex_;
  std::map<std::uint32_t, unsigned> asserted_;                 // GSI to number of lines that assert it
  std::map<std::uint32_t, virtio::pci::MsiMessage> messages_;  // GSI to message
  std::set<std::uint32_t> allocated_;
  devices::LogLimiter refused_;
};

// One device's wire to a GSI. Several may share it: the GSI is high while any of them is.
// Thread-safety: any thread.
class InterruptLine {
 public:
  InterruptLine(Interrupts& interrupts, std::uint32_t gsi) : interrupts_(interrupts), gsi_(gsi) {}
  InterruptLine(const InterruptLine&) = delete;
  InterruptLine& operator=(const InterruptLine&) = delete;
  ~InterruptLine();

  void set(bool asserted) { interrupts_.set_line(*this, asserted); }
  [[nodiscard]] std::uint32_t gsi() const { return gsi_; }

 private:
  friend class Interrupts;

  Interrupts& interrupts_;
  std::uint32_t gsi_;
  bool asserted_ = false;  // guarded by the lock of interrupts_
};

// One MSI-X vector: an eventfd that raises the vector's message without a system call's detour through this
// process. Thread-safety: route() one thread at a time; signal() any thread.
class MsiVector {
 public:
  explicit MsiVector(Interrupts& interrupts);
  MsiVector(const MsiVector&) = delete;
  MsiVector& operator=(const MsiVector&) = delete;
  ~MsiVector();

  void route(const virtio::pci::MsiMessage& message);
  // Before the first route(), or when the kernel had no GSI left, nothing happens.
  void signal();

 private:
  Interrupts& interrupts_;
  std::uint32_t gsi_;
  FileDescriptor event_;
  std::atomic<bool> connected_{false};  // the irqfd exists; signal() asks from any thread
};

}  // namespace virtcrypt::vmm
