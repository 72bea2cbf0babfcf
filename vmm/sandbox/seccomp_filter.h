// Rules made into a program for the kernel's seccomp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <linux/filter.h>

#include "virtcrypt/vmm/sandbox/thread_rules.h"

namespace virtcrypt::vmm::sandbox {

using FilterProgram = std::vector<sock_filter>;

// What the rules do not allow raises SIGSYS (see violation.h); system calls of another architecture (32-bit,
// x32) kill the process. HostError when libseccomp cannot do it.
[[nodiscard]] FilterProgram compile_filter(std::span<const Rule> rules);

// From here on the calling thread, and threads that it makes, are bound by the filter. Needs no_new_privs.
// Returns 0 or an error number; allocates nothing.
[[nodiscard]] int install_filter(std::span<const sock_filter> program);

// Empty when this kernel takes such filters, otherwise why it does not.
[[nodiscard]] std::string why_no_seccomp();

}  // namespace virtcrypt::vmm::sandbox
