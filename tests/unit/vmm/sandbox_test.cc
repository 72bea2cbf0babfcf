#include "virtcrypt/vmm/sandbox/sandbox.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/kvm.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "tests/support/catch.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/sandbox/descriptors.h"
#include "virtcrypt/vmm/sandbox/violation.h"

using namespace virtcrypt::vmm;
using namespace virtcrypt::vmm::sandbox;

namespace {

constexpr std::array kAllKinds{ThreadKind::kEventLoop, ThreadKind::kVcpu, ThreadKind::kIo,
                               ThreadKind::kWorker, ThreadKind::kConsole};

struct Ended {
  int exit_code;     // -1: by a signal
  int signal;        // 0: by itself
  std::string text;  // of its output
};

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t bytes = 0; (bytes = ::read(fd, piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  return text;
}

// A child whose exit code is what `action` returns, or 99 if it throws.
Ended in_child(const std::function<int()>& action) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  std::fflush(stdout);  // or the child might write it once more
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);  // where the log goes in tests
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    try {
      ::_exit(action());
    } catch (const std::exception& error) {
      dprintf(STDERR_FILENO, "%s", error.what());
    }
    ::_exit(99);
  }
  ::close(ends[1]);
  Ended ended{-1, 0, read_all(ends[0])};
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  return ended;
}

// The calling thread becomes one of that kind; in a child.
void become(ThreadKind kind, const RuleOptions& options = {}) {
  // The process of tgkill is the child, so the filter is made here.
  const FilterProgram filter = compile_filter(rules_for(kind, options));
  ::prctl(PR_SET_NAME, "intruder");
  install_violation_handler();
  remember_thread_name();
  forestall_late_lookups_of_thread();
  if (forbid_new_privileges() != 0 || install_filter(filter) != 0) ::_exit(98);
}

Ended as(ThreadKind kind, const std::function<void()>& action, const RuleOptions& options = {}) {
  return in_child([&] {
    become(kind, options);
    action();
    return 0;
  });
}

struct Call {
  std::string name;
  int number;
  std::vector<unsigned long> arguments = {};

  void make() const {
    std::array<unsigned long, 6> all{};
    std::copy(arguments.begin(), arguments.end(), all.begin());
    ::syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]);
  }
};

unsigned long text(const char* literal) {
  return reinterpret_cast<unsigned long>(literal);
}

constexpr unsigned long kNoFd = static_cast<unsigned>(-1);
constexpr unsigned long kHere = static_cast<unsigned>(AT_FDCWD);

// What no thread may do. Each would be harmless, or fail, without a filter.
std::vector<Call> forbidden_to_all() {
  return {
      {"execve", SYS_execve, {text("/bin/false")}},
      {"execveat", SYS_execveat, {kNoFd, text("/bin/false")}},
      {"fork", SYS_fork},
      {"vfork", SYS_vfork},
      {"clone", SYS_clone, {SIGCHLD}},
      {"clone3", SYS_clone3},
      {"open", SYS_open, {text("/etc/shadow"), O_RDONLY}},
      {"openat", SYS_openat, {kHere, text("/etc/shadow"), O_RDONLY}},
      {"openat2", 437, {kHere, text("/etc/shadow")}},
      {"creat", SYS_creat, {text("/nonexistent/file"), 0600}},
      {"memfd_create", SYS_memfd_create, {text("memory"), MFD_CLOEXEC}},
      {"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
      {"socket", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
      {"connect", SYS_connect, {kNoFd}},
      {"bind", SYS_bind, {kNoFd}},
      {"listen", SYS_listen, {kNoFd}},
      {"dup", SYS_dup, {kNoFd}},
      {"dup2", SYS_dup2, {kNoFd, kNoFd}},
      {"pipe2", SYS_pipe2},
      {"eventfd2", SYS_eventfd2, {0, O_CLOEXEC}},
      {"fcntl", SYS_fcntl, {kNoFd, F_DUPFD_CLOEXEC, 0}},
      {"ptrace", SYS_ptrace, {PTRACE_PEEKDATA}},
      {"process_vm_readv", SYS_process_vm_readv, {1}},
      {"process_vm_writev", SYS_process_vm_writev, {1}},
      {"kill", SYS_kill, {static_cast<unsigned long>(::getpid()), 0}},
      {"tgkill",
       SYS_tgkill,
       {static_cast<unsigned long>(::getpid()), static_cast<unsigned long>(::getpid()), 0}},
      {"tkill", SYS_tkill, {1, 0}},
      {"mmap", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, kNoFd, 0}},
      {"mmap", SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE, kNoFd, 0}},
      {"mprotect", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}},
      {"pkey_mprotect", SYS_pkey_mprotect, {0, 4096, PROT_READ | PROT_EXEC, kNoFd}},
      {"madvise", SYS_madvise, {0, 0, MADV_DODUMP}},
      {"rt_sigaction", SYS_rt_sigaction, {SIGSYS, 0, 0, 8}},
      {"prctl", SYS_prctl, {PR_GET_DUMPABLE}},
      {"arch_prctl", SYS_arch_prctl},
      {"seccomp", SYS_seccomp, {2}},
      {"landlock_create_ruleset", 444, {0, 0, 1}},
      {"bpf", SYS_bpf, {kNoFd}},
      {"io_uring_setup", 425, {1}},
      {"perf_event_open", SYS_perf_event_open},
      {"userfaultfd", SYS_userfaultfd, {kNoFd}},
      {"setrlimit", SYS_setrlimit, {RLIMIT_NOFILE}},
      {"prlimit64", SYS_prlimit64, {0, RLIMIT_NOFILE}},
      {"setuid", SYS_setuid, {static_cast<unsigned long>(::getuid())}},
      {"chmod", SYS_chmod, {text("/nonexistent/file"), 0777}},
      {"rename", SYS_rename, {text("/nonexistent/file"), text("/nonexistent/other")}},
      {"unlinkat", SYS_unlinkat, {kHere, text("/nonexistent/file")}},
      {"newfstatat", SYS_newfstatat, {kHere, text("/etc/shadow"), 0, 0}},
      {"mount", SYS_mount},
      {"unshare", SYS_unshare},
      {"setns", SYS_setns, {kNoFd}},
      {"init_module", SYS_init_module},
      {"keyctl", SYS_keyctl, {static_cast<unsigned long>(-1)}},
      {"personality", SYS_personality, {0xFFFF'FFFF}},
      // Types into the terminal what its shell will carry out later.
      {"ioctl", SYS_ioctl, {kNoFd, TIOCSTI}},
      {"ioctl", SYS_ioctl, {1, TCSETS}},
      {"ioctl", SYS_ioctl, {kNoFd, KVM_CREATE_VM}},
      {"ioctl", SYS_ioctl, {kNoFd, KVM_SET_USER_MEMORY_REGION}},
      {"ioctl", SYS_ioctl, {kNoFd, KVM_SET_REGS}},
  };
}

// A system call that some kinds may make and others not.
struct Right {
  Call call;
  std::vector<ThreadKind> kinds;
};

std::vector<Right> rights_of_kinds() {
  using enum ThreadKind;
  const auto kvm = [](unsigned long request) { return Call{"ioctl", SYS_ioctl, {kNoFd, request}}; };
  return {
      {kvm(KVM_RUN), {kVcpu}},
      {kvm(KVM_GET_REGS), {kVcpu}},
      {kvm(KVM_GET_SREGS), {kVcpu}},
      {kvm(KVM_TRANSLATE), {kVcpu}},
      {kvm(KVM_IRQ_LINE), {kVcpu, kIo, kEventLoop}},
      {kvm(KVM_IRQFD), {kVcpu, kEventLoop}},
      {kvm(KVM_IOEVENTFD), {kVcpu, kEventLoop}},
      {{"epoll_wait", SYS_epoll_wait, {kNoFd}}, {kEventLoop, kIo}},
      {{"read", SYS_read, {kNoFd}}, {kEventLoop, kIo}},
      {{"epoll_ctl", SYS_epoll_ctl, {kNoFd, EPOLL_CTL_MOD}}, {kEventLoop, kIo, kWorker, kVcpu}},
      {{"epoll_ctl", SYS_epoll_ctl, {kNoFd, EPOLL_CTL_ADD}}, {kEventLoop}},
      {{"getrandom", SYS_getrandom}, {kIo, kWorker}},
      {{"poll", SYS_poll, {0, 0, 0}}, {kConsole}},
      {{"close", SYS_close, {kNoFd}}, {kConsole, kEventLoop}},
      {{"rt_sigaction", SYS_rt_sigaction, {SIGINT, 0, 0, 8}}, {kEventLoop}},
      {{"fcntl", SYS_fcntl, {kNoFd, F_GETFL}}, {kEventLoop}},
      {{"ioctl", SYS_ioctl, {kNoFd, TIOCGPGRP}}, {kEventLoop}},
      {{"ioctl", SYS_ioctl, {kNoFd, FIONBIO}}, {kEventLoop}},
      // Of the control socket, which these have not.
      {{"accept4", SYS_accept4, {kNoFd}}, {}},
      {{"recvmsg", SYS_recvmsg, {kNoFd}}, {}},
      {{"unlink", SYS_unlink, {text("/nonexistent/file")}}, {}},
  };
}

// What every thread does in the end: memory, exceptions, log lines, waiting, ending.
void do_ordinary_work() {
  std::vector<std::string> kept;
  for (std::size_t bytes = 1; bytes < (16U << 20U); bytes *= 3) {
    kept.emplace_back(bytes, 'x');
  }
  std::vector<int> grown;
  for (int i = 0; i < 300'000; ++i) {
    grown.push_back(i);  // realloc and its like
  }
  try {
    throw std::runtime_error("thrown");
  } catch (const std::exception& error) {
    spdlog::warn("{}: {}", error.what(), std::generic_category().message(ENOENT));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::yield();
}

// Sanitizers make system calls of their own, in signal handlers and at the end of a process as well.
bool has_filters() {
  return why_no_filters().empty();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Sandbox: what no thread may do ends the process and says so", "[vmm][sandbox]") {
  if (!has_filters()) return;
  for (const ThreadKind kind : kAllKinds) {
    for (const Call& call : forbidden_to_all()) {
      INFO(name_of(kind) << ": " << call.name << " " << call.number);
      const Ended ended = as(kind, [&] { call.make(); });
      CHECK(ended.exit_code == kExitViolation);
      CHECK(contains(ended.text, "the sandbox forbids thread intruder to call " + call.name + " (" +
                                     std::to_string(call.number) + "; "));
      CHECK(ended.text.find('\n') == ended.text.size() - 1);  // one line
    }
  }
}

TEST_CASE("Sandbox: each kind of thread has its own rights", "[vmm][sandbox]") {
  if (!has_filters()) return;
  for (const Right& right : rights_of_kinds()) {
    for (const ThreadKind kind : kAllKinds) {
      const bool allowed = std::find(right.kinds.begin(), right.kinds.end(), kind) != right.kinds.end();
      INFO(name_of(kind) << ": " << right.call.name << " " << right.call.number);
      CHECK(as(kind, [&] { right.call.make(); }).exit_code == (allowed ? 0 : kExitViolation));
    }
  }
}

TEST_CASE("Sandbox: the event loop has the rights of a control socket when it has one", "[vmm][sandbox]") {
  if (!has_filters()) return;
  for (const int number : {SYS_accept, SYS_accept4, SYS_recvmsg, SYS_sendmsg, SYS_unlink}) {
    INFO(number);
    const auto call = [&] { ::syscall(number, kNoFd, 0, 0, 0); };
    CHECK(as(ThreadKind::kEventLoop, call, {.control_socket = true}).exit_code == 0);
    CHECK(as(ThreadKind::kVcpu, call, {.control_socket = true}).exit_code == kExitViolation);
  }
}

TEST_CASE("Sandbox: the event loop may map what a vhost-user front-end shares, and no code",
          "[vmm][sandbox]") {
  if (!has_filters()) return;
  const auto mapping = [](unsigned long protection, unsigned long flags) {
    return [=] { ::syscall(SYS_mmap, 0, 4096, protection, flags, kNoFd, 0); };
  };
  constexpr unsigned long kData = PROT_READ | PROT_WRITE;
  const RuleOptions serves{.vhost_user = true};
  for (const ThreadKind kind : kAllKinds) {
    INFO(name_of(kind));
    const int expected = kind == ThreadKind::kEventLoop ? 0 : kExitViolation;
    CHECK(as(kind, mapping(kData, MAP_SHARED), serves).exit_code == expected);
    CHECK(as(kind, mapping(kData, MAP_SHARED)).exit_code == kExitViolation);
    CHECK(as(kind, mapping(kData, MAP_PRIVATE), serves).exit_code == kExitViolation);
    CHECK(as(kind, mapping(kData | PROT_EXEC, MAP_SHARED), serves).exit_code == kExitViolation);
    CHECK(as(kind, mapping(PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS), serves).exit_code ==
          kExitViolation);
  }
}

TEST_CASE("Sandbox: threads have the rights of a vhost-user back-end when they serve one", "[vmm][sandbox]") {
  if (!has_filters()) return;
  using enum ThreadKind;
  const std::vector<Right> rights{
      {{"accept4", SYS_accept4, {kNoFd}}, {kEventLoop}},
      {{"recvmsg", SYS_recvmsg, {kNoFd}}, {kEventLoop}},
      {{"memfd_create", SYS_memfd_create, {text("memory"), MFD_CLOEXEC}}, {kEventLoop}},
      {{"ftruncate", SYS_ftruncate, {kNoFd}}, {kEventLoop}},
      {{"fcntl", SYS_fcntl, {kNoFd, F_ADD_SEALS}}, {kEventLoop}},
      {{"fcntl", SYS_fcntl, {kNoFd, F_DUPFD_CLOEXEC, 0}}, {kEventLoop}},
      {{"timerfd_create", SYS_timerfd_create, {CLOCK_MONOTONIC}}, {kEventLoop}},
      {{"pidfd_open", SYS_pidfd_open, {1, kNoFd}}, {kEventLoop}},
      {{"close", SYS_close, {kNoFd}}, {kEventLoop, kIo, kConsole}},
      {{"epoll_ctl", SYS_epoll_ctl, {kNoFd, EPOLL_CTL_ADD}}, {kEventLoop, kIo}},
      // A machine of this process there is not; another one's might be passed along.
      {{"ioctl", SYS_ioctl, {kNoFd, KVM_IRQ_LINE}}, {kVcpu}},
      {{"ioctl", SYS_ioctl, {kNoFd, KVM_IRQFD}}, {kVcpu}},
      {{"socket", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}}, {}},
      {{"connect", SYS_connect, {kNoFd}}, {}},
      {{"eventfd2", SYS_eventfd2, {0, O_CLOEXEC}}, {}},
      {{"pidfd_getfd", SYS_pidfd_getfd, {kNoFd}}, {}},
      {{"pidfd_send_signal", SYS_pidfd_send_signal, {kNoFd}}, {}},
  };
  for (const Right& right : rights) {
    for (const ThreadKind kind : kAllKinds) {
      const bool allowed = std::find(right.kinds.begin(), right.kinds.end(), kind) != right.kinds.end();
      INFO(name_of(kind) << ": " << right.call.name << " " << right.call.number);
      CHECK(as(kind, [&] { right.call.make(); }, {.vhost_user = true}).exit_code ==
            (allowed ? 0 : kExitViolation));
    }
  }
}

TEST_CASE("Sandbox: system calls of other architectures kill the process", "[vmm][sandbox]") {
  if (!has_filters()) return;
  constexpr int kX32 = 0x4000'0000;
  const Ended ended = as(ThreadKind::kVcpu, [] { ::syscall(kX32 | SYS_getpid); });
  CHECK(ended.signal == SIGSYS);
}

TEST_CASE("Sandbox: a violation shows the arguments of the call", "[vmm][sandbox]") {
  if (!has_filters()) return;
  const Ended ended = as(ThreadKind::kWorker, [] { ::syscall(SYS_ioctl, 7, 0x1234, 0xABCD); });
  CHECK(contains(ended.text, "ioctl (16; 0x7, 0x1234, 0xabcd, at 0x"));
  CHECK(contains(ended.text, "--sandbox off"));
}

TEST_CASE("Sandbox: a SIGSYS from outside ends the process as such", "[vmm][sandbox]") {
  const Ended ended = in_child([] {
    install_violation_handler();
    ::raise(SIGSYS);
    return 0;
  });
  CHECK(ended.exit_code == 128 + SIGSYS);
  CHECK(ended.text.empty());
}

TEST_CASE("Sandbox: each kind of thread can do ordinary work, and end", "[vmm][sandbox]") {
  if (!has_filters()) return;
  for (const ThreadKind kind : kAllKinds) {
    const Ended ended = in_child([kind] {
      forestall_late_lookups();
      // So many that malloc has to think about how many arenas there may be.
      constexpr int kThreads = 20;
      std::latch all_confined(kThreads);
      std::vector<std::jthread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
          become(kind);
          all_confined.arrive_and_wait();
          do_ordinary_work();
        });
      }
      threads.clear();
      return 0;
    });
    INFO(name_of(kind) << ": " << ended.text);
    CHECK(ended.exit_code == 0);
  }
}

TEST_CASE("Sandbox: Landlock leaves a thread what is open, and no other file", "[vmm][sandbox]") {
  const int abi = landlock_abi();
  if (abi == 0) return;  // this kernel has none
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "virtcrypt-landlock-test";
  std::filesystem::create_directories(folder);
  const std::filesystem::path socket = folder / "socket", other = folder / "other";
  ::close(::open(socket.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

  const Ended ended = in_child([&] {
    const int before = ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    LandlockRules rules(abi);
    rules.allow_removing_files_in(folder);
    if (forbid_new_privileges() != 0 || rules.restrict_self() != 0) return 1;
    const auto refused = [](int result) { return result < 0 && errno == EACCES; };
    if (!refused(::open("/etc/passwd", O_RDONLY | O_CLOEXEC))) return 2;
    if (!refused(::open(other.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600))) return 3;
    if (!refused(::open(socket.c_str(), O_RDONLY | O_CLOEXEC))) return 4;
    if (!refused(::rename(socket.c_str(), other.c_str()))) return 5;
    char byte = 0;
    if (::read(before, &byte, 1) != 1) return 6;
    if (::unlink(socket.c_str()) != 0) return 7;
    sockaddr_in nobody{
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    constexpr int kWithNetwork = 4;
    if (abi >= kWithNetwork &&
        !refused(::connect(tcp, reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody)))
      return 8;
    return 0;
  });
  CHECK(ended.exit_code == 0);
  std::filesystem::remove_all(folder);
}

TEST_CASE("Sandbox: as many descriptors can be opened as is said, wherever there is room", "[vmm][sandbox]") {
  for (const int more : {0, 1, 3}) {
    const Ended ended = in_child([more] {
      // Two holes, and one that is open far above.
      const int hole = ::dup(0), kept = ::dup(0), other_hole = ::dup(0);
      ::dup2(kept, 200);
      ::close(hole);
      ::close(other_hole);
      limit_new_descriptors(static_cast<std::size_t>(more));
      int opened = 0;
      while (::dup(0) >= 0)
        ++opened;
      return opened;
    });
    INFO(ended.text);
    CHECK(ended.exit_code == more);
  }
}

TEST_CASE("Sandbox: the descriptors in use are found", "[vmm][sandbox]") {
  const Ended ended = in_child([] {
    for (const int inherited : descriptors_in_use())
      ::close(inherited);
    ::dup2(0, 17);
    ::dup2(0, 4000);
    if (descriptors_in_use() != std::vector<int>{17, 4000}) return 1;
    close_descriptors({17});
    return descriptors_in_use() == std::vector<int>{4000} ? 0 : 2;
  });
  CHECK(ended.exit_code == 0);
}

TEST_CASE("Sandbox: the descriptors in use are found without /proc", "[vmm][sandbox]") {
  if (::geteuid() != 0) return;  // others cannot hide it
  const Ended ended = in_child([] {
    if (::chroot("/dev") != 0) return 1;
    for (const int inherited : descriptors_in_use())
      ::close(inherited);
    ::dup2(0, 17);
    return descriptors_in_use() == std::vector<int>{17} ? 0 : 2;
  });
  CHECK(ended.exit_code == 0);
}

TEST_CASE("Sandbox: a closed standard descriptor becomes /dev/null", "[vmm][sandbox]") {
  const Ended ended = in_child([] {
    ::close(STDIN_FILENO);
    have_standard_descriptors();
    char byte = 0;
    return ::read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
  });
  CHECK(ended.exit_code == 0);
}

TEST_CASE("Sandbox: on means that it is there", "[vmm][sandbox]") {
  const std::string missing = why_no_filters();
  const Ended ended = in_child([] {
    Sandbox sandbox({.mode = Mode::kOn});
    std::atomic<bool> vcpu_runs{false};
    std::thread vcpu([&, start = sandbox.thread_start(ThreadKind::kVcpu)] {
      start();
      vcpu_runs = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (vcpu_runs) return 1;  // before the event loop is confined
    sandbox.confine_event_loop();
    vcpu.join();
    if (!vcpu_runs) return 2;
    ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
    return 3;
  });
  INFO(ended.text);
  if (missing.empty()) {
    CHECK(ended.exit_code == kExitViolation);
  } else {
    CHECK(ended.exit_code == 99);
    CHECK(contains(ended.text, missing));
  }
}

TEST_CASE("Sandbox: off means that nothing happens", "[vmm][sandbox]") {
  const Ended ended = in_child([] {
    Sandbox sandbox({.mode = Mode::kOff});
    if (sandbox.thread_start(ThreadKind::kIo)) return 1;
    sandbox.confine_event_loop();
    return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 2;
  });
  CHECK(ended.exit_code == 0);
  CHECK(contains(ended.text, "no sandbox"));
}
