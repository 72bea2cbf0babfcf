#include "virtcrypt/vmm/probe.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/devices/io_handler.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/bus.h"
#include "virtcrypt/vmm/cpuid.h"
#include "virtcrypt/vmm/guest_ram.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"
#include "virtcrypt/vmm/vcpu.h"

namespace virtcrypt::vmm {

namespace {

constexpr std::uint16_t kResultPort = 0x80;
constexpr auto kTimeLimit = std::chrono::seconds(2);
constexpr std::uint64_t kMemoryBytes = 2 * layout::kMiB;

// The probe guest, in 64-bit mode. Every processor with hardware virtualization that KVM supports today has
// POPCNT; KVM's instruction emulator does not, and gives up with an internal error.
constexpr std::array<std::uint8_t, 18> kGuest{
    0xB9, 0x01, 0x80, 0x00, 0xF0,  // mov ecx, 0xf0008001
    0xF3, 0x0F, 0xB8, 0xC1,        // popcnt eax, ecx
    0xBA, 0x80, 0x00, 0x00, 0x00,  // mov edx, kResultPort
    0xEE,                          // out dx, al
    0xF4,                          // hlt
    0xEB, 0xFD,                    // jmp to the hlt
};
constexpr unsigned kBitsCounted = 6;

// The first thing that is known about the guest. Thread-safety: any thread.
class Verdict final : public devices::IoHandler {
 public:
  void read(std::uint64_t, std::span<std::byte> data) override {
    std::fill(data.begin(), data.end(), std::byte{0});
  }

  void write(std::uint64_t, std::span<const std::byte> data) override {
    const bool right = std::to_integer<unsigned>(data[0]) == kBitsCounted;
    set(right ? ProbeResult{Backend::kHardware, {}}
              : ProbeResult{Backend::kUnusable, "the probe guest computed a wrong result"});
  }

  void ended(const GuestExit& exit) {
    set(exit.end == GuestEnd::kEmulationFailure ? ProbeResult{Backend::kInterpreted, {}}
                                                : ProbeResult{Backend::kUnusable, exit.detail});
  }

  [[nodiscard]] ProbeResult wait() {
    std::unique_lock lock(mutex_);
    known_.wait_for(lock, kTimeLimit, [this] { return result_.has_value(); });
    return result_.value_or(ProbeResult{Backend::kUnusable, "the probe guest did not end in time"});
  }

 private:
  void set(ProbeResult result) {
    const std::lock_guard lock(mutex_);
    if (!result_) result_ = std::move(result);
    known_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable known_;
  std::optional<ProbeResult> result_;
};

ProbeResult run_probe(const Kvm& kvm) {
  const GuestRam ram(kMemoryBytes);
  KvmVm vm = kvm.create_vm();
  vm.set_tss_address(layout::kTssPages);
  vm.set_identity_map_address(layout::kIdentityMapPage);
  ram.add_slots(vm);
  if (const auto code = ram.memory().range(virtio::GuestAddress{layout::kHighMemory}, kGuest.size())) {
    std::memcpy(code->data(), kGuest.data(), kGuest.size());
  }

  Verdict verdict;
  Bus ports;
  Bus memory_bus;
  ports.add(kResultPort, 1, verdict);
  Vcpu vcpu(0, vm.create_vcpu(0), {ports, memory_bus, ram.memory()},
            {.ended = [&verdict](const GuestExit& exit) { verdict.ended(exit); }});
  // Newer kernels check registers against the guest's CPUID, and without one nothing is allowed.
  vcpu.handle().set_cpuid(guest_cpuid(kvm.supported_cpuid(), {0, 1, false}));
  kvm_sregs sregs = vcpu.handle().sregs();
  kvm_regs regs{};
  boot::set_boot_registers({boot::BootState::Mode::kLong64, layout::kHighMemory, 0}, ram.memory(), sregs,
                           regs);
  vcpu.handle().set_sregs(sregs);
  vcpu.handle().set_regs(regs);
  vcpu.start();
  return verdict.wait();
}

}  // namespace

ProbeResult probe_backend(const Kvm& kvm) {
  try {
    return run_probe(kvm);
  } catch (const std::exception& error) {
    return {Backend::kUnusable, error.what()};
  }
}

void require_backend_for(const std::filesystem::path& kernel, const Kvm& kvm) {
  // Other guests need no probe: those that run on both backends run, and what an interpreting backend lacks
  // is reported with the instruction.
  if (boot::is_linux(kernel)) require_backend_for(kernel, probe_backend(kvm));
}

void require_backend_for(const std::filesystem::path& kernel, const ProbeResult& probe) {
  if (probe.backend == Backend::kHardware || !boot::is_linux(kernel)) return;
  if (probe.backend == Backend::kInterpreted) {
    throw HostError(
        "kernel " + kernel.string() +
        ": Linux needs hardware virtualization, and this host's /dev/kvm only interprets guests; use a "
        "host with VT-x or AMD-V (or switch on nested virtualization), or ./demo.sh, which emulates one "
        "(--no-backend-check tries anyway)");
  }
  require_usable(probe);
}

void require_usable(const ProbeResult& probe) {
  if (probe.backend != Backend::kUnusable) return;
  throw HostError(
      fmt::format("this host's /dev/kvm cannot run guests: {}; see 'virtcrypt doctor'", probe.detail));
}

}  // namespace virtcrypt::vmm
