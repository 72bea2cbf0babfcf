// Which signals a thread takes.
#pragma once

#include <initializer_list>

namespace virtcrypt::vmm {

// From here on the calling thread takes its own faults (SIGSEGV, SIGSYS and their like) and `own`; signals
// for the process belong to the event loop's thread.
void block_signals_of_others(std::initializer_list<int> own = {});

}  // namespace virtcrypt::vmm
