#include "tests/conformance/bare_metal/agent_image.h"

#include <cerrno>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

#include <spdlog/fmt/fmt.h>

extern "C" const std::byte virtcrypt_agent_begin[], virtcrypt_agent_end[];

namespace virtcrypt::conformance {

AgentImage::AgentImage() : file_(::memfd_create("bare-metal-agent", MFD_CLOEXEC)) {
  std::span<const std::byte> left(virtcrypt_agent_begin, virtcrypt_agent_end);
  while (!left.empty()) {
    const ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written <= 0)
      throw std::runtime_error(
          fmt::format("no file for the guest: {}", std::generic_category().message(errno)));
    left = left.subspan(static_cast<std::size_t>(written));
  }
}

std::filesystem::path AgentImage::path() const {
  return fmt::format("/proc/self/fd/{}", file_.get());
}

}  // namespace virtcrypt::conformance
