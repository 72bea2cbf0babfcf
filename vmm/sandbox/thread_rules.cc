#include "virtcrypt/vmm/sandbox/thread_rules.h"

#include <initializer_list>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "virtcrypt/vmm/kvm.h"

namespace virtcrypt::vmm::sandbox {
namespace {

constexpr std::uint64_t kAll32 = UINT32_MAX;

Condition is(unsigned argument, std::uint64_t value) {
  return {argument, kAll32, value & kAll32};
}

void allow(std::vector<Rule>& rules, std::initializer_list<int> system_calls) {
  for (const int system_call : system_calls) {
    rules.push_back({system_call, {}});
  }
}

// One rule for each value that the argument may have.
void allow_values(std::vector<Rule>& rules, int system_call, unsigned argument,
                  const std::vector<unsigned long>& values) {
  for (const unsigned long value : values) {
    rules.push_back({system_call, {is(argument, value)}});
  }
}

void allow_kvm(std::vector<Rule>& rules, std::initializer_list<std::vector<unsigned long>> groups) {
  for (const std::vector<unsigned long>& requests : groups) {
    allow_values(rules, SYS_ioctl, 1, requests);
  }
}

// malloc, stacks and their like: never executable, never a file.
void allow_memory(std::vector<Rule>& rules) {
  rules.push_back({SYS_mmap, {{2, PROT_EXEC, 0}, {3, MAP_ANONYMOUS, MAP_ANONYMOUS}}});
  rules.push_back({SYS_mprotect, {{2, PROT_EXEC, 0}}});
  allow(rules, {SYS_munmap, SYS_mremap, SYS_brk});
  allow_values(rules, SYS_madvise, 2, {MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_DONTDUMP});
}

// What any thread does: locks, memory, time, log lines, and its own end.
void allow_common(std::vector<Rule>& rules) {
  allow(rules, {SYS_futex, SYS_write, SYS_writev});
  allow(rules,
        {SYS_clock_gettime, SYS_gettimeofday, SYS_time, SYS_clock_nanosleep, SYS_nanosleep, SYS_sched_yield});
  allow_memory(rules);
  allow(rules, {SYS_getpid, SYS_gettid});
  allow(rules, {SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall});
  // Kicks of vCPUs, and abort(): to threads of this process alone.
  rules.push_back({SYS_tgkill, {is(0, static_cast<std::uint64_t>(::getpid()))}});
  // A stdio stream looks at its file when it is first written to.
  allow(rules, {SYS_fstat, SYS_lseek});
  rules.push_back({SYS_newfstatat, {is(3, AT_EMPTY_PATH)}});
  rules.push_back({SYS_ioctl, {is(1, TCGETS)}});
  // Whatever ends the process puts the terminal back first, on whichever thread it happens.
  rules.push_back({SYS_ioctl, {is(0, STDIN_FILENO), is(1, TCSETS)}});
  allow(rules, {SYS_exit, SYS_exit_group});
}

// Asio wakes a loop by changing what it waits for, whoever posts to it.
void allow_posting(std::vector<Rule>& rules) {
  rules.push_back({SYS_epoll_ctl, {is(1, EPOLL_CTL_MOD)}});
}

void allow_loop(std::vector<Rule>& rules) {
  allow(rules, {SYS_epoll_wait, SYS_epoll_pwait, SYS_read, SYS_timerfd_settime});
}

void allow_control_socket(std::vector<Rule>& rules) {
  // Nobody can make another socket, so these are of the one that listens.
  allow(rules, {SYS_accept, SYS_accept4, SYS_recvmsg, SYS_recvfrom, SYS_sendmsg, SYS_sendto});
  allow(rules, {SYS_unlink});  // of its file, in the end
}

// The memory of a front-end, its eventfds, and records of what is in flight.
void allow_vhost_user(std::vector<Rule>& rules) {
  allow(rules, {SYS_recvmsg, SYS_sendmsg, SYS_accept, SYS_accept4, SYS_getsockopt, SYS_poll, SYS_unlink});
  rules.push_back({SYS_mmap, {{2, PROT_EXEC, 0}, {3, MAP_SHARED, MAP_SHARED}}});
  allow_values(rules, SYS_fcntl, 1, {F_DUPFD_CLOEXEC, F_ADD_SEALS});
  allow(rules, {SYS_memfd_create, SYS_ftruncate, SYS_epoll_create1, SYS_timerfd_create, SYS_pidfd_open});
}

// Eventfds come and go with rings.
void allow_outer_kicks(std::vector<Rule>& rules) {
  allow(rules, {SYS_epoll_ctl, SYS_close});
  allow_values(rules, SYS_ioctl, 1, {FIONBIO});
}

void allow_event_loop(std::vector<Rule>& rules) {
  allow_loop(rules);
  allow(rules, {SYS_readv, SYS_epoll_ctl, SYS_close});
  allow_values(rules, SYS_fcntl, 1, {F_GETFL, F_SETFL});
  allow_values(rules, SYS_ioctl, 1, {FIONBIO, TIOCGPGRP});
  allow(rules, {SYS_getpgrp});
  // Asio gives the signals back that it took.
  allow_values(rules, SYS_rt_sigaction, 0, {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT});
}

void allow_kind(std::vector<Rule>& rules, ThreadKind kind, const RuleOptions& options) {
  switch (kind) {
    case ThreadKind::kEventLoop:
      allow_event_loop(rules);
      // Console input raises the serial port's interrupt; the end takes the devices off the machine.
      if (!options.vhost_user) allow_kvm(rules, {kvm_line_requests(), kvm_route_requests()});
      if (options.control_socket) allow_control_socket(rules);
      if (options.vhost_user) allow_vhost_user(rules);
      break;
    case ThreadKind::kVcpu:
      allow_kvm(rules, {kvm_vcpu_requests(), kvm_line_requests(), kvm_route_requests()});
      allow_posting(rules);
      break;
    case ThreadKind::kIo:
      allow_loop(rules);
      allow_posting(rules);
      allow(rules, {SYS_getrandom});
      if (options.vhost_user) {
        allow_outer_kicks(rules);
      } else {
        allow_kvm(rules, {kvm_line_requests()});
      }
      break;
    case ThreadKind::kWorker:
      allow_posting(rules);
      allow(rules, {SYS_getrandom});
      break;
    case ThreadKind::kConsole:
      allow(rules, {SYS_poll, SYS_close});
      break;
  }
}

}  // namespace

std::string_view name_of(ThreadKind kind) {
  switch (kind) {
    case ThreadKind::kEventLoop:
      return "event loop";
    case ThreadKind::kVcpu:
      return "vCPU";
    case ThreadKind::kIo:
      return "I/O thread";
    case ThreadKind::kWorker:
      return "worker";
    case ThreadKind::kConsole:
      return "console";
  }
  return "";
}

std::vector<Rule> rules_for(ThreadKind kind, const RuleOptions& options) {
  std::vector<Rule> rules;
  allow_kind(rules, kind, options);
  allow_common(rules);
  return rules;
}

}  // namespace virtcrypt::vmm::sandbox
