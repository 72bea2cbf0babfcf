// The machine: everything that one guest runs on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "virtcrypt/devices/io_handler.h"
#include "virtcrypt/devices/pci/host_bridge.h"
#include "virtcrypt/devices/power.h"
#include "virtcrypt/devices/serial.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/pci/function.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/bus.h"
#include "virtcrypt/vmm/guest_exit.h"
#include "virtcrypt/vmm/guest_ram.h"
#include "virtcrypt/vmm/interrupts.h"
#include "virtcrypt/vmm/kvm.h"
#include "virtcrypt/vmm/pci_setup.h"
#include "virtcrypt/vmm/pci_slot.h"
#include "virtcrypt/vmm/vcpu.h"

namespace virtcrypt::vmm {

// A tree that is built top-down by the constructor, add_function(), add_ports() and load(), runs between
// start() and stop(), and is taken down bottom-up: the vCPUs stop before any device goes. Thread-safety:
// receive() and request_stop() any thread; the rest by the owner.
class Machine {
 public:
  struct Options {
    std::uint64_t memory_bytes;
    unsigned cpus;
  };
  struct Callbacks {
    std::function<void(std::byte)> console_output;      // any vCPU's thread
    std::function<void()> console_input_ready = [] {};  // any vCPU's thread, after receive() returned false
    std::function<void(const GuestExit&)> ended;        // at most once; any vCPU's thread
    std::function<void()> vcpu_thread_started = {};     // each vCPU's thread, before it enters the guest
  };
  // Makes a PCI function that reaches its guest's memory and its slot through these two. They outlive it.
  using FunctionFactory =
      std::function<std::unique_ptr<virtio::pci::Function>(const virtio::GuestMemory&, virtio::pci::Slot&)>;

  // HostError: no usable KVM, too many CPUs for it, not enough memory.
  Machine(const Options& options, Callbacks callbacks);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  [[nodiscard]] const virtio::GuestMemory& memory() const { return ram_.memory(); }

  // Puts the function into the next free PCI slot. HostError when there is none.
  void add_function(const FunctionFactory& factory);

  // Puts a handler of the owner's at I/O ports where nothing else is. It outlives the machine, and does not
  // block for ever: a vCPU stops only between two accesses.
  void add_ports(std::uint16_t first, std::uint16_t count, devices::IoHandler& handler);

  // Writes ACPI tables (and sets request.rsdp to them), kernel and initrd into memory and points the boot
  // processor at the kernel. HostError as boot::load() says.
  void load(boot::BootRequest request);
  // Instead of load(): the boot processor starts with what `set_registers` makes of its reset state.
  void enter_at(const std::function<void(kvm_sregs&, kvm_regs&)>& set_registers);

  void start();
  // All vCPUs leave the guest soon; does not wait for them.
  void request_stop();
  // The same, and waits. The machine cannot be started again.
  void stop();

  // Input for the guest's console. False: wait for console_input_ready before sending more.
  [[nodiscard]] bool receive(std::span<const std::byte> data) { return serial_.receive(data); }

 private:
  // Slot before function: the function dies first.
  struct Occupant {
    std::unique_ptr<PciSlot> slot;
    std::unique_ptr<virtio::pci::Function> function;
  };

  [[nodiscard]] KvmVm make_vm() const;
  void add_fixed_devices();
  void add_vcpus();
  void end(const GuestExit& exit);
  void end_by_request(devices::PowerRequest request);

  const Options options_;
  const Callbacks callbacks_;
  std::atomic<bool> ended_{false};

  Kvm kvm_;
  GuestRam ram_;
  KvmVm vm_;
  Bus ports_;
  Bus memory_bus_;
  Interrupts interrupts_;
  InterruptLine serial_line_;
  devices::Serial serial_;
  devices::AcpiPowerRegisters power_registers_;
  devices::ResetPort reset_port_;
  devices::ResetPort keyboard_controller_;
  devices::HostBridge host_bridge_;
  PciWindows pci_windows_;
  std::vector<Occupant> occupants_;
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
};

}  // namespace virtcrypt::vmm
