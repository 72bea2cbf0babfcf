#include "virtcrypt/vmm/core_dumps.h"

#include <cerrno>
#include <system_error>

#include <sys/prctl.h>
#include <sys/resource.h>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm {

void forbid_core_dumps() {
  // The limit is for those who look at it; the kernel does not where dumps go into a pipe.
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    throw HostError(fmt::format("cannot switch core dumps off: {}", std::generic_category().message(errno)));
  }
}

}  // namespace virtcrypt::vmm
