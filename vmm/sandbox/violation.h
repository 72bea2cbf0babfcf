// What happens when a thread makes a system call that its filter forbids.
#pragma once

namespace virtcrypt::vmm::sandbox {

// Exit code of a process that was ended for it.
constexpr int kExitViolation = 14;

// From here on SIGSYS, which a filter raises, ends the process: with one line on standard error that names
// the system call, its first arguments and the thread, with the terminal restored, and without any
// destructor. Once, before any filter is installed.
void install_violation_handler();

// Tells the handler what the calling thread is called.
void remember_thread_name();

}  // namespace virtcrypt::vmm::sandbox
