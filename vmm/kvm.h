// The kernel's KVM interface as three objects: the subsystem, a virtual machine, a virtual CPU.
// https://www.kernel.org/doc/html/latest/virt/kvm/api.html
//
// Every failure is a HostError that names the ioctl; for a missing device, permission or capability it says
// what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <linux/kvm.h>

#include "virtcrypt/vmm/file_descriptor.h"
#include "virtcrypt/vmm/vm_events.h"

namespace virtcrypt::vmm {

// A KVM_CAP_* that the machine cannot do without.
struct KvmCapability {
  int number;
  const char* name;  // as <linux/kvm.h> spells it
};
[[nodiscard]] std::span<const KvmCapability> required_kvm_capabilities();

// Numbers of the ioctls that are made while the guest runs and when it is taken down: of a vCPU on its own
// thread, of levels of interrupt lines, and of routes and doorbells.
[[nodiscard]] std::vector<unsigned long> kvm_vcpu_requests();
[[nodiscard]] std::vector<unsigned long> kvm_line_requests();
[[nodiscard]] std::vector<unsigned long> kvm_route_requests();

// One vCPU: its descriptor and its shared kvm_run page.
// Thread-safety: the vCPU's thread; request_exit() any thread.
class KvmVcpu {
 public:
  KvmVcpu(FileDescriptor fd, std::size_t run_bytes);
  KvmVcpu(KvmVcpu&& other) noexcept;
  KvmVcpu& operator=(KvmVcpu&&) = delete;
  ~KvmVcpu();

  // KVM_RUN. 0, or the errno of a return without an exit (EINTR, EAGAIN) or of a failure.
  [[nodiscard]] int run();
  // The next (or current, once a signal reaches the thread) KVM_RUN returns EINTR, for good.
  void request_exit();

  [[nodiscard]] kvm_run& state() { return *run_; }
  // The kvm_run page and those behind it, where KVM_EXIT_IO puts its data.
  [[nodiscard]] std::span<std::byte> run_area() { return {reinterpret_cast<std::byte*>(run_), run_bytes_}; }

  [[nodiscard]] kvm_regs regs() const;
  void set_regs(const kvm_regs& regs);
  [[nodiscard]] kvm_sregs sregs() const;
  void set_sregs(const kvm_sregs& sregs);
  void set_cpuid(std::span<const kvm_cpuid_entry2> entries);
  // False when this KVM does not know the register or the value.
  [[nodiscard]] bool set_msr(std::uint32_t index, std::uint64_t value);
  // The guest-physical address behind a linear one, by the guest's current page tables.
  [[nodiscard]] std::optional<std::uint64_t> translate(std::uint64_t linear_address) const;

 private:
  FileDescriptor fd_;
  kvm_run* run_;
  std::size_t run_bytes_;
};

// One virtual machine. Thread-safety: any thread; set-up calls come before the first vCPU runs.
class KvmVm final : public VmEvents {
 public:
  KvmVm(FileDescriptor fd, std::size_t vcpu_run_bytes)
      : fd_(std::move(fd)), vcpu_run_bytes_(vcpu_run_bytes) {}

  // Intel's real-mode emulation wants a TSS and an identity-mapped page that the guest leaves alone.
  void set_tss_address(std::uint64_t address);
  void set_identity_map_address(std::uint64_t address);
  // PIC, IOAPIC and local APICs in the kernel.
  void create_irqchip();
  // The timer in the kernel, and port 0x61 with it.
  void create_pit();
  void set_memory_slot(std::uint32_t slot, std::uint64_t guest_address, std::span<std::byte> host);
  [[nodiscard]] KvmVcpu create_vcpu(unsigned id);

  void set_irq_line(std::uint32_t gsi, bool level) override;
  void set_gsi_routing(std::span<const kvm_irq_routing_entry> entries) override;
  void add_irqfd(int event_fd, std::uint32_t gsi) override;
  void remove_irqfd(int event_fd, std::uint32_t gsi) override;
  [[nodiscard]] bool add_ioeventfd(int event_fd, std::uint64_t address) override;
  void remove_ioeventfd(int event_fd, std::uint64_t address) override;

 private:
  FileDescriptor fd_;
  std::size_t vcpu_run_bytes_;
};

// An open /dev/kvm of the right API version. Thread-safety: any thread.
class Kvm {
 public:
  explicit Kvm(const std::filesystem::path& device = "/dev/kvm");

  // KVM_CHECK_EXTENSION: 0 is "no", a positive value "yes" or a limit.
  [[nodiscard]] int check_extension(int capability) const;
  // HostError with the name of the first required capability that is not there.
  void require_capabilities() const;
  [[nodiscard]] std::vector<kvm_cpuid_entry2> supported_cpuid() const;
  [[nodiscard]] unsigned max_vcpus() const;
  [[nodiscard]] KvmVm create_vm() const;

 private:
  FileDescriptor fd_;
};

}  // namespace virtcrypt::vmm
