#include "virtcrypt/vmm/machine.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/boot/acpi.h"
#include "virtcrypt/vmm/cpuid.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm {
namespace {

constexpr std::uint8_t kKeyboardControllerReset = 0xFE;  // "pulse output line 0", which is the reset line

// Registers that a firmware would have set. Not every KVM knows every one.
constexpr std::uint32_t kMsrMiscEnable = 0x1A0;
constexpr std::uint64_t kMiscEnableFastStrings = 1;
constexpr std::uint32_t kMsrMtrrDefaultType = 0x2FF;
constexpr std::uint64_t kMtrrEnabledWriteBack = 1U << 11U | 6U;  // else Linux takes MTRRs and PAT for broken

Kvm open_kvm(unsigned cpus) {
  Kvm kvm;
  kvm.require_capabilities();
  if (cpus > kvm.max_vcpus()) {
    throw HostError(fmt::format("this host's KVM allows {} CPUs in a guest: ask for less than {}",
                                kvm.max_vcpus(), cpus));
  }
  return kvm;
}

}  // namespace

Machine::Machine(const Options& options, Callbacks callbacks)
    : options_(options),
      callbacks_(std::move(callbacks)),
      kvm_(open_kvm(options.cpus)),
      ram_(options.memory_bytes),
      vm_(make_vm()),
      interrupts_(vm_),
      serial_line_(interrupts_, layout::kSerialGsi),
      serial_({.output = callbacks_.console_output,
               .interrupt = [this](bool asserted) { serial_line_.set(asserted); },
               .input_ready = callbacks_.console_input_ready}),
      power_registers_(layout::kSleepTypeSoftOff, [this](auto request) { end_by_request(request); }),
      reset_port_(layout::kResetValue, [this](auto request) { end_by_request(request); }),
      keyboard_controller_(kKeyboardControllerReset, [this](auto request) { end_by_request(request); }),
      pci_windows_(pci_windows(physical_address_bits(kvm_.supported_cpuid()))) {
  ram_.add_slots(vm_);
  add_fixed_devices();
  add_vcpus();
}

Machine::~Machine() {
  stop();
  for (const Occupant& occupant : occupants_) {
    occupant.slot->detach();
  }
}

KvmVm Machine::make_vm() const {
  KvmVm vm = kvm_.create_vm();
  // Both before the first vCPU, as KVM demands.
  vm.set_identity_map_address(layout::kIdentityMapPage);
  vm.set_tss_address(layout::kTssPages);
  vm.create_irqchip();
  vm.create_pit();
  return vm;
}

void Machine::add_fixed_devices() {
  ports_.add(layout::kSerialBase, devices::Serial::kPorts, serial_);
  static_assert(layout::kPm1aControlBase == layout::kPm1aEventBase + 4, "one block of registers");
  ports_.add(layout::kPm1aEventBase, devices::AcpiPowerRegisters::kPorts, power_registers_);
  ports_.add(layout::kResetPort, 1, reset_port_);
  ports_.add(layout::kI8042CommandPort, 1, keyboard_controller_);
  static_assert(layout::kPciConfigData == layout::kPciConfigAddress + 4, "one block of registers");
  ports_.add(layout::kPciConfigAddress, devices::HostBridge::kConfigPorts, host_bridge_.config_ports());
  static_assert(layout::kEcamSize == devices::HostBridge::kEcamBytes);
  memory_bus_.add(layout::kEcamBase, layout::kEcamSize, host_bridge_.ecam());
}

void Machine::add_vcpus() {
  const std::vector<kvm_cpuid_entry2> supported = kvm_.supported_cpuid();
  const bool tsc_deadline = kvm_.check_extension(KVM_CAP_TSC_DEADLINE_TIMER) != 0;
  for (unsigned cpu = 0; cpu < options_.cpus; ++cpu) {
    KvmVcpu handle = vm_.create_vcpu(cpu);
    handle.set_cpuid(guest_cpuid(supported, {cpu, options_.cpus, tsc_deadline}));
    for (const auto& [index, value] : {std::pair{kMsrMiscEnable, kMiscEnableFastStrings},
                                       std::pair{kMsrMtrrDefaultType, kMtrrEnabledWriteBack}}) {
      if (!handle.set_msr(index, value)) spdlog::debug("vCPU {}: KVM refuses MSR {:#x}", cpu, index);
    }
    // KVM starts vCPU 0; the others wait for the guest's start-up interrupts.
    vcpus_.push_back(
        std::make_unique<Vcpu>(cpu, std::move(handle), Vcpu::Machine{ports_, memory_bus_, ram_.memory()},
                               Vcpu::Callbacks{.ended = [this](const GuestExit& exit) { end(exit); },
                                               .started = callbacks_.vcpu_thread_started}));
  }
}

void Machine::add_function(const FunctionFactory& factory) {
  const auto number = static_cast<unsigned>(occupants_.size() + 1);  // slot 0 is the host bridge
  if (number >= devices::HostBridge::kSlots) {
    throw HostError(fmt::format("a machine has room for {} PCI devices", devices::HostBridge::kSlots - 1));
  }
  auto slot = std::make_unique<PciSlot>(number, PciSlot::Machine{memory_bus_, vm_, interrupts_});
  auto function = factory(ram_.memory(), *slot);
  slot->attach(*function);
  set_up_function(*function, pci_windows_, slot->gsi());
  host_bridge_.attach(number, *function);
  occupants_.push_back({std::move(slot), std::move(function)});
}

void Machine::add_ports(std::uint16_t first, std::uint16_t count, devices::IoHandler& handler) {
  ports_.add(first, count, handler);
}

void Machine::load(boot::BootRequest request) {
  request.rsdp = boot::write_acpi_tables(options_.cpus, memory());
  const boot::BootState state = boot::load(request, memory());
  enter_at([&](kvm_sregs& sregs, kvm_regs& regs) { boot::set_boot_registers(state, memory(), sregs, regs); });
}

void Machine::enter_at(const std::function<void(kvm_sregs&, kvm_regs&)>& set_registers) {
  KvmVcpu& boot_processor = vcpus_.front()->handle();
  kvm_sregs sregs = boot_processor.sregs();
  kvm_regs regs = boot_processor.regs();
  set_registers(sregs, regs);
  boot_processor.set_sregs(sregs);
  boot_processor.set_regs(regs);
}

void Machine::start() {
  for (const auto& vcpu : vcpus_) {
    vcpu->start();
  }
}

void Machine::request_stop() {
  for (const auto& vcpu : vcpus_) {
    vcpu->request_stop();
  }
}

void Machine::stop() {
  request_stop();
  for (const auto& vcpu : vcpus_) {
    vcpu->join();
  }
}

void Machine::end(const GuestExit& exit) {
  if (ended_.exchange(true)) return;
  // Now, not when the owner gets to it: no vCPU executes anything after the machine was switched off.
  request_stop();
  callbacks_.ended(exit);
}

void Machine::end_by_request(devices::PowerRequest request) {
  if (request == devices::PowerRequest::kPowerOff) {
    end({GuestEnd::kPowerOff, "the guest switched itself off"});
  } else {
    end({GuestEnd::kReset, "the guest asked for a reset"});
  }
}

}  // namespace virtcrypt::vmm
