#include "virtcrypt/vmm/cpuid.h"

#include <algorithm>
#include <bit>

namespace virtcrypt::vmm {
namespace {

// Leaves, as in Intel's SDM volume 2A, CPUID, and AMD's APM volume 3, appendix E.
constexpr std::uint32_t kVendor = 0;
constexpr std::uint32_t kFeatures = 1;
constexpr std::uint32_t kCacheParameters = 4;
constexpr std::uint32_t kTopology = 0xB;
constexpr std::uint32_t kTopologyV2 = 0x1F;
constexpr std::uint32_t kExtendedFeatures = 0x8000'0001;
constexpr std::uint32_t kAddressSizes = 0x8000'0008;
constexpr std::uint32_t kAmdCacheParameters = 0x8000'001D;
constexpr std::uint32_t kAmdProcessorTopology = 0x8000'001E;

constexpr std::uint32_t kVendorAmdEbx = 0x6874'7541;    // "Auth"enticAMD
constexpr std::uint32_t kVendorHygonEbx = 0x6F67'7948;  // "Hygo"nGenuine

constexpr std::uint32_t kEcxTscDeadline = 1U << 24U;
constexpr std::uint32_t kEcxHypervisor = 1U << 31U;
constexpr std::uint32_t kEdxHyperThreading = 1U << 28U;  // "more than one logical processor in the package"
constexpr std::uint32_t kEcxAmdCmpLegacy = 1U << 1U;

constexpr unsigned kDefaultAddressBits = 36;  // of processors without leaf 0x80000008

const kvm_cpuid_entry2* find(std::span<const kvm_cpuid_entry2> entries, std::uint32_t leaf) {
  const auto hit = std::find_if(entries.begin(), entries.end(),
                                [&](const kvm_cpuid_entry2& entry) { return entry.function == leaf; });
  return hit != entries.end() ? &*hit : nullptr;
}

bool is_amd(std::span<const kvm_cpuid_entry2> entries) {
  const kvm_cpuid_entry2* const vendor = find(entries, kVendor);
  return vendor != nullptr && (vendor->ebx == kVendorAmdEbx || vendor->ebx == kVendorHygonEbx);
}

// Bits of an APIC id that number the cores of the package.
std::uint32_t core_id_bits(unsigned cpus) {
  return static_cast<std::uint32_t>(std::bit_width(cpus - 1));
}

void replace_bits(std::uint32_t& target, unsigned high, unsigned low, std::uint32_t value) {
  const std::uint32_t mask = (high - low == 31 ? ~0U : (1U << (high - low + 1)) - 1) << low;
  target = (target & ~mask) | ((value << low) & mask);
}

void fix_features(kvm_cpuid_entry2& entry, const CpuTopology& topology) {
  const std::uint32_t ids = 1U << core_id_bits(topology.cpus);
  replace_bits(entry.ebx, 31, 24, topology.cpu);
  replace_bits(entry.ebx, 23, 16, std::min(ids, 255U));
  entry.ecx |= kEcxHypervisor;
  if (topology.tsc_deadline) entry.ecx |= kEcxTscDeadline;
  entry.edx &= ~kEdxHyperThreading;
  if (topology.cpus > 1) entry.edx |= kEdxHyperThreading;
}

// Levels 1 and 2 belong to a core, those above to the package. Type 0 ends the list.
void fix_cache(kvm_cpuid_entry2& entry, const CpuTopology& topology, bool intel) {
  if ((entry.eax & 0x1FU) == 0) return;
  const std::uint32_t level = (entry.eax >> 5U) & 7U;
  const std::uint32_t last_id = (1U << core_id_bits(topology.cpus)) - 1;
  replace_bits(entry.eax, 25, 14, level >= 3 ? last_id : 0);
  if (intel) replace_bits(entry.eax, 31, 26, std::min(last_id, 63U));
}

void fix_address_sizes(kvm_cpuid_entry2& entry, const CpuTopology& topology) {
  replace_bits(entry.ecx, 7, 0, topology.cpus - 1);
  replace_bits(entry.ecx, 15, 12, core_id_bits(topology.cpus));
}

void fix_amd_topology(kvm_cpuid_entry2& entry, const CpuTopology& topology) {
  entry.eax = topology.cpu;         // extended APIC id
  entry.ebx = topology.cpu & 0xFF;  // core id; one thread each
  entry.ecx = 0;                    // one node
  entry.edx = 0;
}

// Extended topology enumeration: threads, cores, end of list.
void add_topology(std::vector<kvm_cpuid_entry2>& entries, std::uint32_t leaf, const CpuTopology& topology) {
  constexpr std::uint32_t kTypeThread = 1U << 8U;
  constexpr std::uint32_t kTypeCore = 2U << 8U;
  kvm_cpuid_entry2 entry{};
  entry.function = leaf;
  entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  entry.edx = topology.cpu;

  entry.ebx = 1;
  entry.ecx = kTypeThread;
  entries.push_back(entry);

  entry.index = 1;
  entry.eax = core_id_bits(topology.cpus);
  entry.ebx = topology.cpus;
  entry.ecx = entry.index | kTypeCore;
  entries.push_back(entry);

  entry.index = 2;
  entry.eax = 0;
  entry.ebx = 0;
  entry.ecx = entry.index;
  entries.push_back(entry);
}

void fix_entry(kvm_cpuid_entry2& entry, const CpuTopology& topology, bool amd) {
  switch (entry.function) {
    case kFeatures:
      return fix_features(entry, topology);
    case kCacheParameters:
      return fix_cache(entry, topology, true);
    case kAmdCacheParameters:
      return fix_cache(entry, topology, false);
    case kExtendedFeatures:
      if (amd && topology.cpus > 1) entry.ecx |= kEcxAmdCmpLegacy;
      return;
    case kAddressSizes:
      if (amd) fix_address_sizes(entry, topology);
      return;
    case kAmdProcessorTopology:
      if (amd) fix_amd_topology(entry, topology);
      return;
    default:
      return;
  }
}

}  // namespace

std::vector<kvm_cpuid_entry2> guest_cpuid(std::span<const kvm_cpuid_entry2> supported,
                                          const CpuTopology& topology) {
  const bool amd = is_amd(supported);
  std::vector<kvm_cpuid_entry2> entries;
  for (const kvm_cpuid_entry2& given : supported) {
    if (given.function == kTopology || given.function == kTopologyV2) continue;  // rebuilt below
    fix_entry(entries.emplace_back(given), topology, amd);
  }
  for (const std::uint32_t leaf : {kTopology, kTopologyV2}) {
    if (find(supported, leaf) != nullptr) add_topology(entries, leaf, topology);
  }
  return entries;
}

unsigned physical_address_bits(std::span<const kvm_cpuid_entry2> supported) {
  const kvm_cpuid_entry2* const sizes = find(supported, kAddressSizes);
  return sizes != nullptr ? sizes->eax & 0xFFU : kDefaultAddressBits;
}

}  // namespace virtcrypt::vmm
