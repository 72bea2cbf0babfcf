#include "virtcrypt/vmm/sandbox/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <malloc.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "virtcrypt/crypto/sanitizers.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/sandbox/descriptors.h"
#include "virtcrypt/vmm/sandbox/violation.h"
#include "virtcrypt/vmm/terminal.h"

namespace virtcrypt::vmm::sandbox {
namespace {

constexpr std::size_t index_of(ThreadKind kind) {
  return static_cast<std::size_t>(kind);
}

std::string message_of(int error) {
  return std::generic_category().message(error);
}

// There is no way to go on, whichever thread this is, and vCPUs that wait to be let go could not be joined.
[[noreturn]] void die(const std::string& why) {
  restore_terminal();
  fmt::print(stderr, "virtcrypt: {}\n", why);
  std::_Exit(EXIT_FAILURE);
}

// glibc opens /proc/sys/vm/overcommit_memory when it first shrinks an arena that is not the first thread's.
// That happens when more is free at an arena's end than a threshold, which grows up to an arena's 64 MiB.
void shrink_arena() {
  constexpr std::size_t kBlocks = 960, kBlockBytes = 64U << 10U;  // together just below an arena
  std::vector<std::unique_ptr<std::byte[]>> blocks;
  blocks.reserve(kBlocks);
  for (std::size_t i = 0; i < kBlocks; ++i) {
    blocks.emplace_back(new std::byte[kBlockBytes]);  // not zeroed: the pages stay untouched
  }
  while (!blocks.empty()) {
    blocks.pop_back();
  }
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::string why_no_filters() {
  if (kSanitized) return "this build has sanitizers, which need system calls of their own";
  return why_no_seccomp();
}

int forbid_new_privileges() {
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

void forestall_late_lookups() {
  ::tzset();
  constexpr unsigned kArenasForEachProcessor = 8;  // as glibc has it
  // glibc would look into /sys when there are more than 8 arenas, which come with threads.
  if (std::getenv("MALLOC_ARENA_MAX") == nullptr)
    ::mallopt(M_ARENA_MAX,
              static_cast<int>(kArenasForEachProcessor * std::max(std::thread::hardware_concurrency(), 1U)));
  std::thread(shrink_arena).join();
}

void forestall_late_lookups_of_thread() {
  // With the vDSO's getrandom, newer versions of glibc count processors when they run out of states for
  // threads.
  std::byte random{};
  (void)::getentropy(&random, sizeof random);
}

Sandbox::Sandbox(Options options) : options_(std::move(options)) {
  if (options_.mode == Mode::kOff) return;
  filters_missing_ = why_no_filters();
  if (const int error = forbid_new_privileges(); error != 0)
    filters_missing_ = fmt::format("PR_SET_NO_NEW_PRIVS: {}", message_of(error));
  if (!filters_missing_.empty() && options_.mode == Mode::kOn)
    throw HostError(
        fmt::format("cannot make the sandbox: {}; without '--sandbox on' virtcrypt uses what there is",
                    filters_missing_));
  forestall_late_lookups();
  if (filters_missing_.empty()) {
    install_violation_handler();
    const RuleOptions rules{.control_socket = options_.control_socket.has_value(),
                            .vhost_user = options_.vhost_user};
    for (std::size_t kind = 0; kind < kThreadKinds; ++kind) {
      filters_[kind] = compile_filter(rules_for(static_cast<ThreadKind>(kind), rules));
    }
  }
  if (!kSanitized) landlock_abi_ = landlock_abi();
  if (landlock_abi_ > 0) {
    no_files_.emplace(landlock_abi_);
    event_loop_files_.emplace(landlock_abi_);
    if (options_.control_socket)
      event_loop_files_->allow_removing_files_in(folder_of(*options_.control_socket));
  }
  try_out();
}

// On a thread that does nothing else: whatever would fail later fails here, where it is an error like any
// other.
void Sandbox::try_out() const {
  int error = 0;
  std::thread([this, &error] { error = try_confining(ThreadKind::kWorker); }).join();
  if (error != 0)
    throw HostError(
        fmt::format("cannot make the sandbox: {}; '--sandbox off' does without", message_of(error)));
}

std::function<void()> Sandbox::thread_start(ThreadKind kind) {
  if (options_.mode == Mode::kOff) return {};
  return [this, kind] {
    if (kind == ThreadKind::kVcpu) event_loop_confined_.wait();
    confine(kind);
  };
}

void Sandbox::confine_event_loop() {
  if (options_.mode == Mode::kOff) {
    spdlog::warn("no sandbox, as asked for: a guest that breaks into the monitor has all rights of its user");
    return;
  }
  report_what_is_missing();
  close_descriptors(options_.inherited);
  try {
    limit_new_descriptors(options_.clients);
  } catch (const HostError& error) {
    die(error.what());
  }
  confine(ThreadKind::kEventLoop);
  event_loop_confined_.count_down();
}

void Sandbox::report_what_is_missing() const {
  if (!filters_missing_.empty())
    spdlog::warn("the sandbox lacks its filters of system calls: {}", filters_missing_);
  if (kSanitized) return;
  if (landlock_abi_ == 0) {
    spdlog::info("the sandbox does without Landlock, which this kernel has not, or has switched off");
  } else {
    spdlog::debug("sandbox: Landlock of ABI {}", landlock_abi_);
  }
}

int Sandbox::try_confining(ThreadKind kind) const {
  forestall_late_lookups_of_thread();
  const auto& files = kind == ThreadKind::kEventLoop ? event_loop_files_ : no_files_;
  if (files) {
    if (const int error = files->restrict_self(); error != 0) return error;
  }
  if (!filters_missing_.empty()) return 0;
  remember_thread_name();
  return install_filter(filters_[index_of(kind)]);
}

void Sandbox::confine(ThreadKind kind) const {
  const int error = try_confining(kind);
  if (error != 0) die(fmt::format("cannot confine a thread ({}): {}", name_of(kind), message_of(error)));
}

}  // namespace virtcrypt::vmm::sandbox
