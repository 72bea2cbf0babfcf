// What the guest's CPUID instruction says: what KVM can do, as seen by one CPU of the machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <linux/kvm.h>

namespace virtcrypt::vmm {

// The machine has one package of `cpus` cores with one thread each; APIC ids are the cores' numbers.
struct CpuTopology {
  unsigned cpu;
  unsigned cpus;
  bool tsc_deadline;  // KVM_CAP_TSC_DEADLINE_TIMER; KVM leaves the feature out of its list
};

// `supported` is KVM's list. Feature bits stay as KVM gives them; ids and counts become those of `topology`.
[[nodiscard]] std::vector<kvm_cpuid_entry2> guest_cpuid(std::span<const kvm_cpuid_entry2> supported,
                                                        const CpuTopology& topology);

// How many bits a guest-physical address has.
[[nodiscard]] unsigned physical_address_bits(std::span<const kvm_cpuid_entry2> supported);

}  // namespace virtcrypt::vmm
