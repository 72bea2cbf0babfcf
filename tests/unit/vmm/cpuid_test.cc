// Fields as Intel's SDM (volume 2A, CPUID) and AMD's APM (volume 3, appendix E) define them.
#include "virtcrypt/vmm/cpuid.h"

#include "tests/support/catch.h"

using namespace virtcrypt;

namespace {

kvm_cpuid_entry2 leaf(std::uint32_t function, std::uint32_t eax, std::uint32_t ebx, std::uint32_t ecx,
                      std::uint32_t edx) {
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  entry.eax = eax;
  entry.ebx = ebx;
  entry.ecx = ecx;
  entry.edx = edx;
  return entry;
}

const std::vector<kvm_cpuid_entry2> kIntel{
    leaf(0, 0x1F, 0x756E'6547, 0x6C65'746E, 0x4965'6E69),  // "GenuineIntel"
    leaf(1, 0, 0x0C10'0800, 0, 0),                         // host's APIC id 12, 16 processors
    leaf(4, 0xFC00'4122, 0, 0, 0),                         // level 1 cache, shared by 2
    leaf(0xB, 1, 2, 0x100, 12),
    leaf(0x1F, 1, 2, 0x100, 12),
    leaf(0x8000'0008, 0x3027, 0, 0, 0),
};
const std::vector<kvm_cpuid_entry2> kAmd{
    leaf(0, 0xD, 0x6874'7541, 0x444D'4163, 0x6974'6E65),  // "AuthenticAMD"
    leaf(1, 0, 0, 0, 1U << 28U),
    leaf(0x8000'0001, 0, 0, 0, 0),
    leaf(0x8000'0008, 0x3030, 0, 0x1'7001, 0),
    leaf(0x8000'001D, 0x0003'C163, 0, 0, 0),  // level 3 cache, shared by 16
    leaf(0x8000'001E, 9, 0x109, 1, 0),
};

kvm_cpuid_entry2 get(const std::vector<kvm_cpuid_entry2>& entries, std::uint32_t function,
                     std::uint32_t index = 0) {
  for (const auto& entry : entries) {
    if (entry.function == function && entry.index == index) return entry;
  }
  FAIL("leaf " << function << "." << index << " is missing");
  return {};
}

}  // namespace

TEST_CASE("CPUID: leaf 1 has the CPU's APIC id, the package's size and the hypervisor bit", "[vmm][cpuid]") {
  const auto entry = get(vmm::guest_cpuid(kIntel, {.cpu = 2, .cpus = 3, .tsc_deadline = true}), 1);
  CHECK(entry.ebx == 0x0204'0800);  // CLFLUSH size untouched
  CHECK((entry.ecx & 1U << 31U) != 0);
  CHECK((entry.ecx & 1U << 24U) != 0);
  CHECK((entry.edx & 1U << 28U) != 0);
}

TEST_CASE("CPUID: a single CPU shares its package with nobody", "[vmm][cpuid]") {
  const auto entries = vmm::guest_cpuid(kAmd, {.cpu = 0, .cpus = 1, .tsc_deadline = false});
  const auto features = get(entries, 1);
  CHECK((features.ebx & 0xFFFF'0000) == 0x0001'0000);
  CHECK((features.edx & 1U << 28U) == 0);
  CHECK((features.ecx & 1U << 24U) == 0);
  CHECK(get(entries, 0x8000'0008).ecx == 0x1'0000);
}

TEST_CASE("CPUID: topology leaves tell of one thread a core and all cores in one package", "[vmm][cpuid]") {
  const auto entries = vmm::guest_cpuid(kIntel, {.cpu = 4, .cpus = 5, .tsc_deadline = false});
  const std::uint32_t function = GENERATE(0xB, 0x1F);
  const auto threads = get(entries, function, 0);
  CHECK((threads.eax == 0 && threads.ebx == 1 && threads.ecx == 0x100 && threads.edx == 4));
  const auto cores = get(entries, function, 1);
  CHECK((cores.eax == 3 && cores.ebx == 5 && cores.ecx == 0x201 && cores.edx == 4));
  const auto end = get(entries, function, 2);
  CHECK((end.eax == 0 && end.ebx == 0 && end.ecx == 2 && end.edx == 4));
}

TEST_CASE("CPUID: no topology leaf where the processor has none", "[vmm][cpuid]") {
  for (const auto& entry : vmm::guest_cpuid(kAmd, {.cpu = 0, .cpus = 2, .tsc_deadline = false})) {
    CHECK(entry.function != 0xB);
    CHECK(entry.function != 0x1F);
  }
}

TEST_CASE("CPUID: inner caches belong to a core, outer ones to the package", "[vmm][cpuid]") {
  const auto intel = get(vmm::guest_cpuid(kIntel, {.cpu = 0, .cpus = 4, .tsc_deadline = false}), 4);
  CHECK(((intel.eax >> 14U) & 0xFFF) == 0);
  CHECK(intel.eax >> 26U == 3);
  const auto amd = get(vmm::guest_cpuid(kAmd, {.cpu = 0, .cpus = 4, .tsc_deadline = false}), 0x8000'001D);
  CHECK(((amd.eax >> 14U) & 0xFFF) == 3);
  CHECK((amd.eax & 0x3FFF) == 0x0163);
}

TEST_CASE("CPUID: AMD's core count, ids and legacy flag", "[vmm][cpuid]") {
  const auto entries = vmm::guest_cpuid(kAmd, {.cpu = 2, .cpus = 6, .tsc_deadline = false});
  CHECK(get(entries, 0x8000'0008).ecx == 0x1'3005);
  CHECK((get(entries, 0x8000'0001).ecx & 2) != 0);
  const auto topology = get(entries, 0x8000'001E);
  CHECK((topology.eax == 2 && topology.ebx == 2 && topology.ecx == 0));
  // Intel has no such field there.
  CHECK(get(vmm::guest_cpuid(kIntel, {.cpu = 2, .cpus = 6, .tsc_deadline = false}), 0x8000'0008).ecx == 0);
}

TEST_CASE("CPUID: how far physical addresses reach", "[vmm][cpuid]") {
  CHECK(vmm::physical_address_bits(kIntel) == 39);
  CHECK(vmm::physical_address_bits(kAmd) == 48);
  CHECK(vmm::physical_address_bits({}) == 36);
}
