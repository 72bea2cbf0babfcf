#include "virtcrypt/vmm/kvm.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm {
namespace {

constexpr std::array kRequiredCapabilities{
    KvmCapability{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    KvmCapability{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
    KvmCapability{KVM_CAP_PIT2, "KVM_CAP_PIT2"},
    KvmCapability{KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
    KvmCapability{KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR"},
    KvmCapability{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
    KvmCapability{KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"},
    KvmCapability{KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"},
    KvmCapability{KVM_CAP_IRQFD, "KVM_CAP_IRQFD"},
    KvmCapability{KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD"},
    KvmCapability{KVM_CAP_IOEVENTFD_ANY_LENGTH, "KVM_CAP_IOEVENTFD_ANY_LENGTH"},
    KvmCapability{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
};

constexpr std::size_t kMaxCpuidEntries = 256;

// kvm_cpuid2, kvm_msrs and kvm_irq_routing are a count, a word of padding or flags, and then the entries.
// Some versions of <linux/kvm.h> give these structures another size in C++ than in C, so that is not asked:
// not here, and not by the numbers of the ioctls, which contain it.
constexpr std::size_t kListHeaderBytes = 8;

constexpr unsigned long list_ioctl(unsigned long request) {
  return _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), kListHeaderBytes);
}

template <typename Entry>
class IoctlList {
 public:
  // Of `count` empty entries.
  explicit IoctlList(std::size_t count)
      : storage_((kListHeaderBytes + count * sizeof(Entry) + sizeof(std::uint64_t) - 1) /
                 sizeof(std::uint64_t)) {
    const auto stored = static_cast<std::uint32_t>(count);
    std::memcpy(storage_.data(), &stored, sizeof stored);
  }
  explicit IoctlList(std::span<const Entry> entries) : IoctlList(entries.size()) {
    if (!entries.empty()) std::memcpy(first(), entries.data(), entries.size_bytes());
  }

  void* data() { return storage_.data(); }
  // As many as the kernel says there are now.
  std::vector<Entry> entries() {
    std::uint32_t count = 0;
    std::memcpy(&count, storage_.data(), sizeof count);
    std::vector<Entry> result(count);
    if (count != 0) std::memcpy(result.data(), first(), count * sizeof(Entry));
    return result;
  }

 private:
  std::byte* first() { return reinterpret_cast<std::byte*>(storage_.data()) + kListHeaderBytes; }

  std::vector<std::uint64_t> storage_;  // as the entries want to be aligned
};

[[noreturn]] void fail(const char* what) {
  const int error = errno;
  throw HostError(fmt::format("{}: {}", what, std::generic_category().message(error)));
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

std::string group_of(const std::filesystem::path& device) {
  struct stat status {};
  if (::stat(device.c_str(), &status) != 0) return "kvm";
  const group* entry = ::getgrgid(status.st_gid);
  return entry != nullptr ? entry->gr_name : fmt::format("{}", status.st_gid);
}

FileDescriptor open_device(const std::filesystem::path& device) {
  FileDescriptor fd(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (fd) return fd;
  const int error = errno;
  const std::string reason = std::generic_category().message(error);
  if (error == ENOENT || error == ENODEV || error == ENXIO) {
    throw HostError(fmt::format(
        "cannot open {}: {}; this host offers no KVM: enable virtualization in the firmware (or nested "
        "virtualization in the hypervisor above) and load the module kvm_intel or kvm_amd",
        device.string(), reason));
  }
  if (error == EACCES || error == EPERM) {
    const std::string group = group_of(device);
    if (group == "root") {
      throw HostError(
          fmt::format("cannot open {}: {}; it belongs to root alone: run as root, or give it a group with "
                      "'chgrp kvm {}; chmod g+rw {}' and join that group",
                      device.string(), reason, device.string(), device.string()));
    }
    throw HostError(
        fmt::format("cannot open {}: {}; join the group '{}' (usermod -aG {} USER, then log in again)",
                    device.string(), reason, group, group));
  }
  throw HostError(fmt::format("cannot open {}: {}", device.string(), reason));
}

}  // namespace

std::span<const KvmCapability> required_kvm_capabilities() {
  return kRequiredCapabilities;
}

std::vector<unsigned long> kvm_vcpu_requests() {
  return {KVM_RUN, KVM_GET_REGS, KVM_GET_SREGS, KVM_TRANSLATE};
}

std::vector<unsigned long> kvm_line_requests() {
  return {KVM_IRQ_LINE};
}

std::vector<unsigned long> kvm_route_requests() {
  return {KVM_IOEVENTFD, KVM_IRQFD, list_ioctl(KVM_SET_GSI_ROUTING)};
}

// ---------------------------------------------------------------- Kvm

Kvm::Kvm(const std::filesystem::path& device) : fd_(open_device(device)) {
  const int version = ::ioctl(fd_.get(), KVM_GET_API_VERSION, 0);
  if (version < 0) {
    throw HostError(fmt::format("{} is not a KVM device: KVM_GET_API_VERSION: {}", device.string(),
                                std::generic_category().message(errno)));
  }
  if (version != KVM_API_VERSION) {
    throw HostError(fmt::format("{} speaks KVM API version {}, but {} is needed: use a newer kernel",
                                device.string(), version, KVM_API_VERSION));
  }
}

int Kvm::check_extension(int capability) const {
  return check(::ioctl(fd_.get(), KVM_CHECK_EXTENSION, capability), "KVM_CHECK_EXTENSION");
}

void Kvm::require_capabilities() const {
  for (const KvmCapability& capability : kRequiredCapabilities) {
    if (check_extension(capability.number) == 0) {
      throw HostError(
          fmt::format("this host's KVM lacks {}, which the machine needs: use a newer or complete kernel",
                      capability.name));
    }
  }
}

std::vector<kvm_cpuid_entry2> Kvm::supported_cpuid() const {
  IoctlList<kvm_cpuid_entry2> list(kMaxCpuidEntries);
  check(::ioctl(fd_.get(), list_ioctl(KVM_GET_SUPPORTED_CPUID), list.data()), "KVM_GET_SUPPORTED_CPUID");
  return list.entries();
}

unsigned Kvm::max_vcpus() const {
  const int limit = check_extension(KVM_CAP_MAX_VCPUS);
  // Kernels that do not tell allow 4, says the API's documentation.
  return limit > 0 ? static_cast<unsigned>(limit) : 4;
}

KvmVm Kvm::create_vm() const {
  const int run_bytes = check(::ioctl(fd_.get(), KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
  // The descriptor is close-on-exec: KVM makes all of its descriptors so.
  int fd = ::ioctl(fd_.get(), KVM_CREATE_VM, 0);
  while (fd < 0 && errno == EINTR) {
    fd = ::ioctl(fd_.get(), KVM_CREATE_VM, 0);
  }
  return {FileDescriptor(check(fd, "KVM_CREATE_VM")), static_cast<std::size_t>(run_bytes)};
}

// ---------------------------------------------------------------- KvmVm

void KvmVm::set_tss_address(std::uint64_t address) {
  check(::ioctl(fd_.get(), KVM_SET_TSS_ADDR, address), "KVM_SET_TSS_ADDR");
}

void KvmVm::set_identity_map_address(std::uint64_t address) {
  check(::ioctl(fd_.get(), KVM_SET_IDENTITY_MAP_ADDR, &address), "KVM_SET_IDENTITY_MAP_ADDR");
}

void KvmVm::create_irqchip() {
  check(::ioctl(fd_.get(), KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
}

void KvmVm::create_pit() {
  kvm_pit_config config{};
  config.flags =
      KVM_PIT_SPEAKER_DUMMY;  // port 0x61 answers, or kernels that calibrate with it would wait for ever
  check(::ioctl(fd_.get(), KVM_CREATE_PIT2, &config), "KVM_CREATE_PIT2");
}

void KvmVm::set_memory_slot(std::uint32_t slot, std::uint64_t guest_address, std::span<std::byte> host) {
  kvm_userspace_memory_region region{};
  region.slot = slot;
  region.guest_phys_addr = guest_address;
  region.memory_size = host.size();
  region.userspace_addr = reinterpret_cast<std::uintptr_t>(host.data());
  check(::ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
}

KvmVcpu KvmVm::create_vcpu(unsigned id) {
  return {FileDescriptor(check(::ioctl(fd_.get(), KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU")), vcpu_run_bytes_};
}

void KvmVm::set_irq_line(std::uint32_t gsi, bool level) {
  kvm_irq_level line{};
  line.irq = gsi;
  line.level = level ? 1 : 0;
  check(::ioctl(fd_.get(), KVM_IRQ_LINE, &line), "KVM_IRQ_LINE");
}

void KvmVm::set_gsi_routing(std::span<const kvm_irq_routing_entry> entries) {
  IoctlList<kvm_irq_routing_entry> list(entries);
  check(::ioctl(fd_.get(), list_ioctl(KVM_SET_GSI_ROUTING), list.data()), "KVM_SET_GSI_ROUTING");
}

void KvmVm::add_irqfd(int event_fd, std::uint32_t gsi) {
  kvm_irqfd irqfd{};
  irqfd.fd = static_cast<std::uint32_t>(event_fd);
  irqfd.gsi = gsi;
  check(::ioctl(fd_.get(), KVM_IRQFD, &irqfd), "KVM_IRQFD");
}

void KvmVm::remove_irqfd(int event_fd, std::uint32_t gsi) {
  kvm_irqfd irqfd{};
  irqfd.fd = static_cast<std::uint32_t>(event_fd);
  irqfd.gsi = gsi;
  irqfd.flags = KVM_IRQFD_FLAG_DEASSIGN;
  check(::ioctl(fd_.get(), KVM_IRQFD, &irqfd), "KVM_IRQFD (deassign)");
}

bool KvmVm::add_ioeventfd(int event_fd, std::uint64_t address) {
  kvm_ioeventfd doorbell{};
  doorbell.addr = address;
  doorbell.fd = event_fd;  // no datamatch and length 0: any value of any width
  if (::ioctl(fd_.get(), KVM_IOEVENTFD, &doorbell) == 0) return true;
  // EEXIST: another doorbell is there; ENOSPC: the kernel's limit per machine; EINVAL: address + length
  // wraps. The guest chooses address and number, so none of them is an error of the host.
  if (errno == EEXIST || errno == ENOSPC || errno == EINVAL) return false;
  fail("KVM_IOEVENTFD");
}

void KvmVm::remove_ioeventfd(int event_fd, std::uint64_t address) {
  kvm_ioeventfd doorbell{};
  doorbell.addr = address;
  doorbell.fd = event_fd;
  doorbell.flags = KVM_IOEVENTFD_FLAG_DEASSIGN;
  check(::ioctl(fd_.get(), KVM_IOEVENTFD, &doorbell), "KVM_IOEVENTFD (deassign)");
}

// ---------------------------------------------------------------- KvmVcpu

KvmVcpu::KvmVcpu(FileDescriptor fd, std::size_t run_bytes) : fd_(std::move(fd)), run_bytes_(run_bytes) {
  void* area = ::mmap(nullptr, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (area == MAP_FAILED) fail("mmap of a vCPU's run area");
  run_ = static_cast<kvm_run*>(area);
}

KvmVcpu::KvmVcpu(KvmVcpu&& other) noexcept
    : fd_(std::move(other.fd_)), run_(std::exchange(other.run_, nullptr)), run_bytes_(other.run_bytes_) {}

KvmVcpu::~KvmVcpu() {
  if (run_ != nullptr) ::munmap(run_, run_bytes_);
}

int KvmVcpu::run() {
  return ::ioctl(fd_.get(), KVM_RUN, 0) == 0 ? 0 : errno;
}

void KvmVcpu::request_exit() {
  std::atomic_ref(run_->immediate_exit).store(1, std::memory_order_relaxed);
}

kvm_regs KvmVcpu::regs() const {
  kvm_regs regs{};
  check(::ioctl(fd_.get(), KVM_GET_REGS, &regs), "KVM_GET_REGS");
  return regs;
}

void KvmVcpu::set_regs(const kvm_regs& regs) {
  check(::ioctl(fd_.get(), KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

kvm_sregs KvmVcpu::sregs() const {
  kvm_sregs sregs{};
  check(::ioctl(fd_.get(), KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
  return sregs;
}

void KvmVcpu::set_sregs(const kvm_sregs& sregs) {
  check(::ioctl(fd_.get(), KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

void KvmVcpu::set_cpuid(std::span<const kvm_cpuid_entry2> entries) {
  IoctlList<kvm_cpuid_entry2> list(entries);
  check(::ioctl(fd_.get(), list_ioctl(KVM_SET_CPUID2), list.data()), "KVM_SET_CPUID2");
}

bool KvmVcpu::set_msr(std::uint32_t index, std::uint64_t value) {
  kvm_msr_entry entry{};
  entry.index = index;
  entry.data = value;
  IoctlList<kvm_msr_entry> list(std::span<const kvm_msr_entry>(&entry, 1));
  // The result is the number of registers set.
  return check(::ioctl(fd_.get(), list_ioctl(KVM_SET_MSRS), list.data()), "KVM_SET_MSRS") == 1;
}

std::optional<std::uint64_t> KvmVcpu::translate(std::uint64_t linear_address) const {
  kvm_translation translation{};
  translation.linear_address = linear_address;
  if (::ioctl(fd_.get(), KVM_TRANSLATE, &translation) != 0 || translation.valid == 0) return std::nullopt;
  return translation.physical_address;
}

}  // namespace virtcrypt::vmm
