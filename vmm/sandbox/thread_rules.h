// Which system calls each kind of thread may make while a guest runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace virtcrypt::vmm::sandbox {

enum class ThreadKind : std::uint8_t {
  kEventLoop,  // signals, the terminal, the control socket; takes everything down in the end
  kVcpu,
  kIo,      // serves queues
  kWorker,  // carries out operations
  kConsole  // writes the guest's console output
};
constexpr std::size_t kThreadKinds = 5;
[[nodiscard]] std::string_view name_of(ThreadKind kind);

// (argument & mask) == value; arguments count from 0. Where the kernel takes 32 bits the mask has 32, as the
// rest of the register may be anything.
struct Condition {
  unsigned argument;
  std::uint64_t mask;
  std::uint64_t value;
};

// A system call that is allowed when all conditions hold. Several rules for one system call: when one of them
// does.
struct Rule {
  int system_call;
  std::vector<Condition> conditions = {};
};

struct RuleOptions {
  bool control_socket = false;  // the event loop serves one
  bool vhost_user = false;  // the event loop serves front-ends of vhost-user; there is no machine of our own
};

// Those made most often first. Everything else is forbidden.
[[nodiscard]] std::vector<Rule> rules_for(ThreadKind kind, const RuleOptions& options);

}  // namespace virtcrypt::vmm::sandbox
