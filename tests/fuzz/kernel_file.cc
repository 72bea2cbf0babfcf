#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "tests/fuzz/read_files.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::fuzz {
namespace {

constexpr std::size_t kMemory = 32U << 20U;

// Of a file without a name, which has a path all the same.
class ScratchFile {
 public:
  explicit ScratchFile(std::span<const std::uint8_t> content) : fd_(::memfd_create("virtcrypt-fuzz", 0)) {
    if (fd_ < 0 || ::write(fd_, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      std::abort();
  }
  ~ScratchFile() { ::close(fd_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

const virtio::GuestMemory& guest_memory() {
  static std::vector<std::byte> bytes(kMemory);
  static const virtio::GuestMemory memory({{virtio::GuestAddress{0}, bytes}});
  return memory;
}

std::string loaded(const vmm::boot::BootRequest& request) {
  try {
    const bool is_linux = vmm::boot::is_linux(request.kernel);
    const vmm::boot::BootState state = vmm::boot::load(request, guest_memory());
    return fmt::format("loaded{}, entry {:#x}", is_linux ? " as Linux" : "", state.entry);
  } catch (const vmm::HostError& error) {
    return fmt::format("refused: {}", error.what());
  }
}

}  // namespace

std::string load_kernel(std::span<const std::uint8_t> data) {
  if (data.size() < 2) return "nothing";
  const auto rest = data.subspan(2);
  const std::size_t initrd_bytes = (data[0] | std::size_t{data[1]} << 8U) % (rest.size() + 1);
  const ScratchFile kernel(rest.first(rest.size() - initrd_bytes));
  const ScratchFile initrd(rest.last(initrd_bytes));
  vmm::boot::BootRequest request;
  request.kernel = kernel.path();
  if (initrd_bytes > 0) request.initrd = initrd.path();
  request.command_line = "console=ttyS0";
  return fmt::format("kernel of {} bytes, initrd of {}: {}", rest.size() - initrd_bytes, initrd_bytes,
                     loaded(request));
}

}  // namespace virtcrypt::fuzz
