// The user's terminal in raw mode, and its certain return to what it was.
#pragma once

namespace virtcrypt::vmm {

// While it lives, standard input is in raw mode when it is a terminal and this process is in its foreground;
// otherwise nothing happens. What was found is restored by the destructor, and by handlers of the signals
// that kill a process on the spot (SIGSEGV, SIGABRT and their like). Signals that ask for an end are the
// event loop's. Thread-safety: one object in a process, one thread.
class RawTerminal {
 public:
  RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

  // After the process was stopped and continued, its shell may have changed the terminal.
  void reapply();
  // Whether keys come one by one, and those that make signals too.
  [[nodiscard]] bool raw() const;

 private:
  void enter();
};

// Puts back what a RawTerminal found, for whoever ends the process without destructors. Any thread;
// async-signal-safe.
void restore_terminal();

}  // namespace virtcrypt::vmm
