// The monitor gives up what it does not need, before its guest runs.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <latch>
#include <optional>
#include <string>
#include <vector>

#include "virtcrypt/vmm/sandbox/landlock.h"
#include "virtcrypt/vmm/sandbox/seccomp_filter.h"
#include "virtcrypt/vmm/sandbox/thread_rules.h"

namespace virtcrypt::vmm::sandbox {

enum class Mode : std::uint8_t {
  kAuto,  // what this kernel has; says so if that is not all
  kOn,    // not without seccomp
  kOff,
};

struct Options {
  Mode mode = Mode::kAuto;
  std::vector<int> inherited = {};                           // descriptors to be closed
  std::optional<std::filesystem::path> control_socket = {};  // may be removed in the end, and has clients
  std::size_t clients = 0;                                   // descriptors for them
  bool vhost_user = false;  // that socket's clients are front-ends, which pass descriptors of their memory
};

// Empty when this build and this kernel can confine threads with seccomp, otherwise the reason.
[[nodiscard]] std::string why_no_filters();

// Forbids the calling process, and all that it starts, to gain rights by executing files (setuid and their
// like). Returns 0 or an error number.
int forbid_new_privileges();

// Makes the C library look up now what it would otherwise open files for at any time: for the process the
// time zone and, for malloc, the number of processors and the kernel's policy of overcommitment; for the
// calling thread what it needs for random numbers.
void forestall_late_lookups();
void forestall_late_lookups_of_thread();

// One in a process. Made before its other threads; each of those calls what thread_start() gave for it, and
// the thread that owns this object, last of all, confine_event_loop(). A thread that cannot be confined ends
// the process.
class Sandbox {
 public:
  // Looks for what the kernel has and tries it. HostError when `mode` demands what is not there, or something
  // that is there does not work.
  explicit Sandbox(Options options);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // What a thread of this kind calls first; empty when the sandbox is off. vCPUs wait in it for
  // confine_event_loop().
  [[nodiscard]] std::function<void()> thread_start(ThreadKind kind);

  // Closes what was inherited, limits descriptors, confines the calling thread and lets the vCPUs go.
  void confine_event_loop();

 private:
  void try_out() const;
  [[nodiscard]] int try_confining(ThreadKind kind) const;
  void confine(ThreadKind kind) const;
  void report_what_is_missing() const;

  const Options options_;
  std::string filters_missing_;  // why, or empty
  std::array<FilterProgram, kThreadKinds> filters_;
  int landlock_abi_ = 0;
  std::optional<LandlockRules> no_files_;  // of all threads but the event loop
  std::optional<LandlockRules> event_loop_files_;
  std::latch event_loop_confined_{1};
};

}  // namespace virtcrypt::vmm::sandbox
