#include "virtcrypt/vmm/terminal.h"

#include <array>
#include <atomic>

#include <signal.h>
#include <termios.h>
#include <unistd.h>

namespace virtcrypt::vmm {
namespace {

constexpr std::array kFatalSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

// For the signal handlers, which have nothing but globals. `g_saved` is complete before the flag says so.
termios g_saved;
std::atomic<bool> g_raw{false};

void on_fatal_signal(int signal) {
  restore_terminal();
  // SA_RESETHAND put the default action back: now the signal does what it always did.
  ::raise(signal);
}

void install_fatal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER;
  for (const int signal : kFatalSignals) {
    struct sigaction present {};
    ::sigaction(signal, nullptr, &present);
    // A sanitizer's own handler says more about a crash than ours.
    if (present.sa_handler == SIG_DFL) ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void restore_terminal() {
  if (g_raw.exchange(false)) ::tcsetattr(STDIN_FILENO, TCSANOW, &g_saved);
}

RawTerminal::RawTerminal() {
  // Now, even if this process is in the background and gets the terminal later: once it has confined itself,
  // handlers stay as they are.
  install_fatal_handlers();
  enter();
}

RawTerminal::~RawTerminal() {
  restore_terminal();
}

void RawTerminal::reapply() {
  g_raw = false;
  enter();
}

bool RawTerminal::raw() const {
  return g_raw;
}

void RawTerminal::enter() {
  // A background process that touches the terminal would be stopped.
  if (::isatty(STDIN_FILENO) == 0 || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return;
  if (::tcgetattr(STDIN_FILENO, &g_saved) != 0) return;
  termios raw = g_saved;
  ::cfmakeraw(&raw);
  raw.c_oflag |= OPOST;  // log lines end in a bare newline
  g_raw = true;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

}  // namespace virtcrypt::vmm
