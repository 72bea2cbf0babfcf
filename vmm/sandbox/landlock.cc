#include "virtcrypt/vmm/sandbox/landlock.h"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::sandbox {
namespace {

// Rights by the version that brought them; headers of older kernels do not have all. Bits are the
// interface's.
constexpr std::uint64_t kFileRights1 = (1ULL << 13U) - 1;
constexpr std::uint64_t kFileRefer2 = 1ULL << 13U;
constexpr std::uint64_t kFileTruncate3 = 1ULL << 14U;
constexpr std::uint64_t kNetworkTcp4 = 3;  // bind and connect
constexpr std::uint64_t kFileDeviceIoctl5 = 1ULL << 15U;
static_assert(kFileRights1 == LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1);

// The first two members of landlock_ruleset_attr. Older kernels accept a longer structure whose rest is zero.
struct HandledRights {
  std::uint64_t files;
  std::uint64_t network;
};

HandledRights rights_known_to(int abi) {
  HandledRights rights{kFileRights1, 0};
  if (abi >= 2) rights.files |= kFileRefer2;
  if (abi >= 3) rights.files |= kFileTruncate3;
  if (abi >= 4) rights.network |= kNetworkTcp4;
  if (abi >= 5) rights.files |= kFileDeviceIoctl5;
  return rights;
}

[[noreturn]] void fail(const std::string& what) {
  const int error = errno;
  throw HostError(
      fmt::format("cannot make the sandbox: {}: {}", what, std::generic_category().message(error)));
}

}  // namespace

int landlock_abi() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

LandlockRules::LandlockRules(int abi) {
  const HandledRights rights = rights_known_to(abi);
  // The descriptor is close-on-exec by itself.
  ruleset_ =
      FileDescriptor(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0)));
  if (!ruleset_) fail("landlock_create_ruleset");
}

void LandlockRules::allow_removing_files_in(const std::filesystem::path& folder) {
  const FileDescriptor opened(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened) fail(folder.string());
  const landlock_path_beneath_attr rule{LANDLOCK_ACCESS_FS_REMOVE_FILE, opened.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    fail("landlock_add_rule");
}

int LandlockRules::restrict_self() const {
  return ::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0) == 0 ? 0 : errno;
}

}  // namespace virtcrypt::vmm::sandbox
