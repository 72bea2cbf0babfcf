#include "virtcrypt/vmm/sandbox/descriptors.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::sandbox {
namespace {

// Without /proc every number is tried; beyond this many nothing is found.
constexpr int kNumbersTried = 65536;

std::vector<int> tried_one_by_one() {
  std::vector<int> found;
  for (int number = STDERR_FILENO + 1; number < kNumbersTried; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) found.push_back(number);
  }
  return found;
}

}  // namespace

void have_standard_descriptors() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // Gets the lowest number, which is this one: those below are there. For programs that we start as well,
    // so without close-on-exec.
    if (::open("/dev/null", O_RDWR) < 0)
      throw HostError(fmt::format("standard descriptor {} is closed, and /dev/null: {}", number,
                                  std::generic_category().message(errno)));
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  // What the machine lacks then is reported by whoever wants to open it.
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<int> descriptors_in_use() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
  if (folder == nullptr) return tried_one_by_one();
  std::vector<int> found;
  while (const dirent* const entry = ::readdir(folder.get())) {
    int number = -1;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, number).ptr != end) continue;
    if (number > STDERR_FILENO && number != ::dirfd(folder.get())) found.push_back(number);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void close_descriptors(const std::vector<int>& descriptors) {
  for (const int descriptor : descriptors) {
    ::close(descriptor);
  }
}

void limit_new_descriptors(std::size_t more) {
  const std::vector<int> used = descriptors_in_use();
  // The limit is of numbers, and the lowest free one is given out.
  int limit = STDERR_FILENO + 1;
  for (std::size_t free = 0; free < more; ++limit) {
    if (!std::binary_search(used.begin(), used.end(), limit)) ++free;
  }
  while (std::binary_search(used.begin(), used.end(), limit)) {
    ++limit;
  }
  const rlimit both{static_cast<rlim_t>(limit), static_cast<rlim_t>(limit)};
  if (::setrlimit(RLIMIT_NOFILE, &both) != 0)
    throw HostError(
        fmt::format("cannot make the sandbox: RLIMIT_NOFILE: {}", std::generic_category().message(errno)));
}

}  // namespace virtcrypt::vmm::sandbox
