#include "virtcrypt/vmm/core_dumps.h"

#include <csignal>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/catch.h"

using virtcrypt::vmm::forbid_core_dumps;

namespace {

// The status of a child that runs `act`.
template <typename Act>
int status_of_child(const Act& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    act();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("Core dumps: forbidden for good", "[vmm][hostile][keys]") {
  const int status = status_of_child([] {
    forbid_core_dumps();
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) ::_exit(1);
    if (limit.rlim_cur != 0 || limit.rlim_max != 0) ::_exit(2);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("Core dumps: a crash leaves none", "[vmm][hostile][keys]") {
  const int status = status_of_child([] {
    forbid_core_dumps();
    ::signal(SIGABRT, SIG_DFL);
    ::raise(SIGABRT);
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK_FALSE(WCOREDUMP(status));
}
