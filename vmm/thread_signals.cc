#include "virtcrypt/vmm/thread_signals.h"

#include <signal.h>

namespace virtcrypt::vmm {

void block_signals_of_others(std::initializer_list<int> own) {
  sigset_t blocked;
  ::sigfillset(&blocked);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    ::sigdelset(&blocked, fault);
  }
  for (const int signal : own) {
    ::sigdelset(&blocked, signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

}  // namespace virtcrypt::vmm
