#include "virtcrypt/vmm/sandbox/seccomp_filter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/file_descriptor.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::sandbox {
namespace {

using Context = std::unique_ptr<void, decltype(&::seccomp_release)>;

// libseccomp returns negative error numbers.
void check(int result, const char* what) {
  if (result == 0) return;
  throw HostError(
      fmt::format("cannot make the sandbox: {}: {}", what, std::generic_category().message(-result)));
}

void add_rule(const Context& context, const Rule& rule) {
  std::vector<scmp_arg_cmp> conditions;
  for (const Condition& condition : rule.conditions) {
    conditions.push_back({condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, condition.value});
  }
  check(::seccomp_rule_add_array(context.get(), SCMP_ACT_ALLOW, rule.system_call,
                                 static_cast<unsigned>(conditions.size()), conditions.data()),
        "seccomp_rule_add_array");
}

// libseccomp writes programs to a file descriptor; they are far smaller than a pipe.
FilterProgram exported(const Context& context) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) check(-errno, "pipe");
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  check(::seccomp_export_bpf(context.get(), writer.get()), "seccomp_export_bpf");
  writer = {};
  FilterProgram program;
  for (sock_filter instruction{};
       ::read(reader.get(), &instruction, sizeof instruction) == sizeof instruction;) {
    program.push_back(instruction);
  }
  return program;
}

}  // namespace

FilterProgram compile_filter(std::span<const Rule> rules) {
  const Context context(::seccomp_init(SCMP_ACT_TRAP), ::seccomp_release);
  if (context == nullptr) check(-ENOMEM, "seccomp_init");
  check(::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
        "seccomp_attr_set");
  int priority = UINT8_MAX;
  for (const Rule& rule : rules) {
    // The earlier in the program, the cheaper: KVM_RUN comes first of all that a vCPU does.
    check(::seccomp_syscall_priority(context.get(), rule.system_call, static_cast<std::uint8_t>(priority)),
          "seccomp_syscall_priority");
    priority = std::max(priority - 1, 0);
    add_rule(context, rule);
  }
  return exported(context);
}

int install_filter(std::span<const sock_filter> program) {
  // The kernel only reads it.
  const sock_fprog prog{static_cast<unsigned short>(program.size()),
                        const_cast<sock_filter*>(program.data())};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0 ? 0 : errno;
}

std::string why_no_seccomp() {
  for (const std::uint32_t action : {SECCOMP_RET_TRAP, SECCOMP_RET_KILL_PROCESS}) {
    if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
      return fmt::format("SECCOMP_GET_ACTION_AVAIL: {}", std::generic_category().message(errno));
  }
  return {};
}

}  // namespace virtcrypt::vmm::sandbox
