#include "virtcrypt/vmm/trace_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm {

TraceFile::TraceFile(const std::filesystem::path& path, std::string_view what) : path_(path), what_(what) {
  constexpr mode_t kMode = 0600;  // with payload there are keys in it
  file_ = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!file_) {
    throw HostError(fmt::format("cannot write the {} {}: {}", what, path.string(),
                                std::generic_category().message(errno)));
  }
}

void TraceFile::write(std::string_view text) {
  const std::lock_guard lock(mutex_);
  while (!text.empty() && !failed_) {
    const ssize_t written = ::write(file_.get(), text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failed_ = true;
      spdlog::error("cannot write the {} {}: {}; it ends here", what_, path_.string(),
                    std::generic_category().message(errno));
    }
  }
}

}  // namespace virtcrypt::vmm
