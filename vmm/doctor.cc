#include "virtcrypt/vmm/doctor.h"

#include <algorithm>
#include <optional>

#include <cpuid.h>
#include <linux/kvm.h>
#include <sys/sysinfo.h>

#include <cryptopp/config_ver.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/version.h>
#include <asio/version.hpp>
#include <nlohmann/json.hpp>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"
#include "virtcrypt/vmm/sandbox/landlock.h"
#include "virtcrypt/vmm/sandbox/sandbox.h"

namespace virtcrypt::vmm {

namespace {

using Level = Finding::Level;

constexpr int kJsonVersion = 1;
constexpr std::size_t kTopicColumn = 34;

const char* name_of(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kProblem:
      return "problem";
  }
  return "";
}

const char* name_of(Backend backend) {
  switch (backend) {
    case Backend::kHardware:
      return "hardware";
    case Backend::kInterpreted:
      return "interpreted";
    case Backend::kUnusable:
      return "unusable";
  }
  return "";
}

const char* verdict(Backend backend) {
  switch (backend) {
    case Backend::kHardware:
      return "This host runs every guest.";
    case Backend::kInterpreted:
      return "This host runs small bare-metal guests, but not Linux; ./demo.sh emulates a machine that can.";
    case Backend::kUnusable:
      return "This host runs no guests until the problems above are solved.";
  }
  return "";
}

Finding backend_finding(const ProbeResult& probe) {
  switch (probe.backend) {
    case Backend::kHardware:
      return {Level::kOk, "KVM backend", "hardware virtualization", ""};
    case Backend::kInterpreted:
      return {Level::kWarning, "KVM backend", "interpreted: no VT-x or AMD-V behind /dev/kvm, about 2 MIPS",
              "for Linux guests use a host with VT-x or AMD-V, or switch on nested virtualization in the "
              "hypervisor "
              "above; ./demo.sh runs Linux here all the same, in an emulated AMD-V machine"};
    case Backend::kUnusable:
      break;
  }
  return {Level::kProblem, "KVM backend", "the probe guest did not run: " + probe.detail,
          "look into the kernel log (dmesg) for messages of kvm, and update the host's kernel"};
}

// Answers whether all that the machine needs is there.
bool add_capabilities(const Kvm& kvm, std::vector<Finding>& findings) {
  bool complete = true;
  for (const KvmCapability& capability : required_kvm_capabilities()) {
    const bool present = kvm.check_extension(capability.number) > 0;
    complete = complete && present;
    findings.push_back(present ? Finding{Level::kOk, capability.name, "available", ""}
                               : Finding{Level::kProblem, capability.name, "missing",
                                         "use a newer host kernel, or one built with this part of KVM"});
  }
  return complete;
}

Backend add_kvm(const std::filesystem::path& device, std::vector<Finding>& findings) {
  try {
    const Kvm kvm(device);
    findings.push_back({Level::kOk, "KVM access", device.string() + " opens for this user", ""});
    findings.push_back({Level::kOk, "KVM API version", std::to_string(KVM_API_VERSION), ""});
    const bool complete = add_capabilities(kvm, findings);
    findings.push_back({Level::kInfo, "vCPUs", fmt::format("up to {}", kvm.max_vcpus()), ""});
    const ProbeResult probe = probe_backend(kvm);
    findings.push_back(backend_finding(probe));
    return complete ? probe.backend : Backend::kUnusable;
  } catch (const HostError& error) {
    // The message says what to do behind its first semicolon.
    const std::string message = error.what();
    const std::size_t split = message.find("; ");
    findings.push_back({Level::kProblem, "KVM access", message.substr(0, split),
                        split == std::string::npos ? "" : message.substr(split + 2)});
    return Backend::kUnusable;
  }
}

void add_feature(std::vector<Finding>& findings, const char* topic, bool present, const char* use) {
  findings.push_back({Level::kInfo, topic, fmt::format("{}: {}", present ? "yes" : "no", use), ""});
}

// A bit of CPUID's leaf 7: not every compiler's __builtin_cpu_supports() knows these.
bool has_leaf_7(unsigned ebx, unsigned ecx) {
  unsigned eax_now = 0, ebx_now = 0, ecx_now = 0, edx_now = 0;
  constexpr unsigned kExtendedFeatures = 7;
  if (__get_cpuid_count(kExtendedFeatures, 0, &eax_now, &ebx_now, &ecx_now, &edx_now) == 0) return false;
  return (ebx_now & ebx) == ebx && (ecx_now & ecx) == ecx;
}

void add_processor(std::vector<Finding>& findings) {
  constexpr unsigned kSha = 1U << 29U, kVaes = 1U << 9U, kVpclmulqdq = 1U << 10U;
  // Of registers that the operating system has to save.
  const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  add_feature(findings, "CPU AES-NI", __builtin_cpu_supports("aes") != 0, "AES in all modes");
  add_feature(findings, "CPU PCLMULQDQ", __builtin_cpu_supports("pclmul") != 0, "GCM and GMAC");
  add_feature(findings, "CPU SSSE3", __builtin_cpu_supports("ssse3") != 0, "hashes and stream ciphers");
  add_feature(findings, "CPU SHA", has_leaf_7(kSha, 0), "SHA-1 and SHA-256");
  add_feature(findings, "CPU AVX2", avx2, "ChaCha20 and many buffers at once");
  add_feature(findings, "CPU AVX-512", __builtin_cpu_supports("avx512f") != 0, "many buffers at once");
  add_feature(findings, "CPU VAES", avx2 && has_leaf_7(0, kVaes), "AES on many blocks at once");
  add_feature(findings, "CPU VPCLMULQDQ", avx2 && has_leaf_7(0, kVpclmulqdq), "GCM on many blocks at once");
}

void add_memory(std::vector<Finding>& findings) {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return;
  const std::uint64_t total = std::uint64_t{info.totalram} * info.mem_unit / layout::kMiB;
  const std::uint64_t free = (std::uint64_t{info.freeram} + info.bufferram) * info.mem_unit / layout::kMiB;
  constexpr std::uint64_t kComfortableMiB = 1024;
  const bool small = total < kComfortableMiB;
  findings.push_back({small ? Level::kWarning : Level::kOk, "Host memory",
                      fmt::format("{} MiB, {} MiB of them unused", total, free),
                      small ? "give guests little --memory, or this host more" : ""});
}

void add_sandbox(std::vector<Finding>& findings) {
  const std::string missing = sandbox::why_no_filters();
  findings.push_back({missing.empty() ? Level::kOk : Level::kWarning, "Sandbox: seccomp filters",
                      missing.empty() ? "yes: each thread makes only the system calls it needs" : missing,
                      missing.empty()
                          ? ""
                          : "without them a guest that breaks into the monitor has all rights of its "
                            "user: use a kernel with CONFIG_SECCOMP_FILTER"});
  const int abi = sandbox::landlock_abi();
  findings.push_back({Level::kInfo, "Sandbox: Landlock",
                      abi > 0 ? fmt::format("yes, ABI {}: no files but those that are open", abi)
                              : "no: this kernel lacks it, or has it switched off (boot parameter lsm=)",
                      ""});
}

void add_libraries(std::vector<Finding>& findings) {
  findings.push_back({Level::kInfo, "Crypto++",
                      fmt::format("{}.{}.{}", CRYPTOPP_MAJOR, CRYPTOPP_MINOR, CRYPTOPP_REVISION), ""});
  findings.push_back(
      {Level::kInfo, "Asio",
       fmt::format("{}.{}.{}", ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000, ASIO_VERSION % 100), ""});
  findings.push_back({Level::kInfo, "spdlog",
                      fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH), ""});
}

}  // namespace

HostReport examine_host(const std::filesystem::path& device) {
  HostReport report{Backend::kUnusable, {}};
  report.backend = add_kvm(device, report.findings);
  add_processor(report.findings);
  add_memory(report.findings);
  add_sandbox(report.findings);
  add_libraries(report.findings);
  return report;
}

std::string as_table(const HostReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text +=
        fmt::format("{:<8} {:<{}} {}\n", name_of(finding.level), finding.topic, kTopicColumn, finding.detail);
    if (!finding.advice.empty()) text += fmt::format("{:<8} -> {}\n", "", finding.advice);
  }
  return text + "\n" + verdict(report.backend) + "\n";
}

std::string as_json(const HostReport& report) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"level", name_of(finding.level)},
                        {"topic", finding.topic},
                        {"detail", finding.detail},
                        {"advice", finding.advice}});
  }
  const nlohmann::ordered_json root{
      {"version", kJsonVersion}, {"backend", name_of(report.backend)}, {"findings", findings}};
  // A path in a message need not be UTF-8; such bytes are replaced rather than thrown over.
  return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace virtcrypt::vmm
