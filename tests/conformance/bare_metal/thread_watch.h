// Tells when threads of this process have nothing to do, without their help.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <vector>

#include <sys/types.h>

#include "tests/support/file_descriptor.h"

namespace virtcrypt::conformance {

// The threads of this process that there are.
[[nodiscard]] std::set<pid_t> threads_of_this_process();

// Threads that wake each other, and that nobody else wakes meanwhile. Thread-safety: one thread, none of
// them.
class ThreadWatch {
 public:
  ThreadWatch() = default;
  // Throws std::runtime_error when the system does not tell of a thread.
  explicit ThreadWatch(const std::set<pid_t>& threads);

  // Until there was a moment at which all of them slept; false when there was none in so long.
  [[nodiscard]] bool wait_until_idle(std::chrono::milliseconds limit) const;

 private:
  // How often each of them has gone to sleep; nothing when one is awake.
  [[nodiscard]] std::optional<std::vector<unsigned long>> naps() const;

  std::vector<test::FileDescriptor> status_files_;
};

}  // namespace virtcrypt::conformance
