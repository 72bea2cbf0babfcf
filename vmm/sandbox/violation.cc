#include "virtcrypt/vmm/sandbox/violation.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <pthread.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <seccomp.h>

#include "virtcrypt/vmm/terminal.h"

namespace virtcrypt::vmm::sandbox {
namespace {

constexpr int kSystemCalls = 512;  // more than x86-64 has
constexpr std::size_t kNameBytes = 24;

// For the handler, which may not allocate: written before it is installed.
std::array<std::array<char, kNameBytes>, kSystemCalls> g_names{};

thread_local std::array<char, 16> t_thread_name{};  // what Linux takes, with its end

void collect_names() {
  for (int number = 0; number < kSystemCalls; ++number) {
    char* const name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);
    if (name == nullptr) continue;
    auto& stored = g_names[static_cast<std::size_t>(number)];
    std::strncpy(stored.data(), name, stored.size() - 1);
    std::free(name);
  }
}

// Text of a fixed size, from async-signal-safe functions alone. What does not fit is left out.
class Line {
 public:
  Line& add(std::string_view text) {
    const std::size_t bytes = std::min(text.size(), text_.size() - used_);
    std::copy_n(text.begin(), bytes, text_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += bytes;
    return *this;
  }
  Line& add_number(std::uint64_t number, unsigned base) {
    std::array<char, 20> digits{};
    std::size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    if (base == 16) add("0x");
    return add({&digits[first], digits.size() - first});
  }
  void write() const { [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text_.data(), used_); }

 private:
  std::array<char, 512> text_{};
  std::size_t used_ = 0;
};

void add_call(Line& line, int number, const mcontext_t& registers) {
  const bool known =
      number >= 0 && number < kSystemCalls && g_names[static_cast<std::size_t>(number)][0] != 0;
  line.add(known ? g_names[static_cast<std::size_t>(number)].data() : "a system call").add(" (");
  line.add_number(static_cast<unsigned>(number), 10).add("; ");
  for (const int argument : {REG_RDI, REG_RSI, REG_RDX}) {
    if (argument != REG_RDI) line.add(", ");
    line.add_number(static_cast<std::uint64_t>(registers.gregs[argument]), 16);
  }
  line.add(", at ").add_number(static_cast<std::uint64_t>(registers.gregs[REG_RIP]), 16).add(")");
}

void on_sigsys(int signal, siginfo_t* info, void* context) {
  constexpr int kSignalExit = 128;  // as a shell says it
  constexpr int kBySeccomp = 1;     // SYS_SECCOMP, which not every <signal.h> has
  restore_terminal();
  if (info->si_code != kBySeccomp) ::_exit(kSignalExit + signal);
  const bool named = t_thread_name[0] != 0;
  Line line;
  line.add("virtcrypt: the sandbox forbids thread ")
      .add(named ? t_thread_name.data() : "virtcrypt")
      .add(" to call ");
  add_call(line, info->si_syscall, static_cast<const ucontext_t*>(context)->uc_mcontext);
  line.add(", so this process ends: it has a fault, or its guest has broken into it; please report it. ");
  line.add("'--sandbox off' runs without, for guests that you trust\n");
  line.write();
  ::_exit(kExitViolation);
}

}  // namespace

void install_violation_handler() {
  collect_names();
  struct sigaction action {};
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
}

void remember_thread_name() {
  ::pthread_getname_np(::pthread_self(), t_thread_name.data(), t_thread_name.size());
}

}  // namespace virtcrypt::vmm::sandbox
