// Managers of libipsec-mb: its tables of functions for this processor, and the state of its multi-buffer
// code.
#pragma once

#include <string_view>

#include <intel-ipsec-mb.h>

namespace virtcrypt::crypto {

constexpr std::string_view kIpsecMbName = "libipsec-mb";

// One for the process, for calls that keep no state between them: any thread. Null where the library finds
// nothing that it can run.
[[nodiscard]] IMB_MGR* shared_manager();

// This thread's own, for calls that do; made when a thread first asks, which may throw std::bad_alloc. Null
// as above.
[[nodiscard]] IMB_MGR* thread_manager();

}  // namespace virtcrypt::crypto
