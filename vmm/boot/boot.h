// Boot protocols: loads a kernel and an initrd into guest memory and says how the first vCPU enters it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <linux/kvm.h>

#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::vmm::boot {

struct BootRequest {
  std::filesystem::path kernel;  // bzImage, or ELF with a PVH note (XEN_ELFNOTE_PHYS32_ENTRY)
  std::optional<std::filesystem::path> initrd;
  std::string command_line;
  virtio::GuestAddress rsdp{};  // where write_acpi_tables() put the RSDP
};

// How the boot processor starts.
struct BootState {
  enum class Mode : std::uint8_t {
    kLong64,       // Linux 64-bit boot protocol: paging on, identity-mapped, RSI = parameters
    kProtected32,  // PVH: flat 32-bit protected mode, paging off, EBX = parameters
  };
  Mode mode;
  std::uint64_t entry;       // RIP
  std::uint64_t parameters;  // zero page or PVH start info
};

// Writes kernel, initrd, command line, memory map and parameters into `memory`. Throws HostError with one
// clear line: file missing or unreadable, neither bzImage nor PVH ELF, not x86-64, no 64-bit entry, too
// little memory for kernel and initrd, command line too long.
[[nodiscard]] BootState load(const BootRequest& request, const virtio::GuestMemory& memory);

// Whether the file is a Linux kernel, which only runs on hardware virtualization (see vmm/probe.h); a file
// that is no kernel at all is not. Throws HostError when the file cannot be read.
[[nodiscard]] bool is_linux(const std::filesystem::path& kernel);

// Turns the registers that KVM gave a fresh vCPU into those of `state`; writes GDT and page tables that it
// needs into `memory`.
void set_boot_registers(const BootState& state, const virtio::GuestMemory& memory, kvm_sregs& sregs,
                        kvm_regs& regs);

}  // namespace virtcrypt::vmm::boot
