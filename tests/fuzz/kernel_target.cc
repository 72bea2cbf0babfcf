// A fuzzer of the files that `virtcrypt run` loads: a bzImage or a PVH ELF, and what lies behind it as the initrd.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/boot/boot.h"
#include "virtcrypt/vmm/host_error.h"

namespace {

using namespace virtcrypt;

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

}  // namespace

// The first two bytes say how much of the rest is the initrd.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> rest(data + 2, size - 2);
  const std::size_t initrd_bytes = (data[0] | std::size_t{data[1]} << 8U) % (rest.size() + 1);
  const ScratchFile kernel(rest.first(rest.size() - initrd_bytes));
  const ScratchFile initrd(rest.last(initrd_bytes));
  vmm::boot::BootRequest request;
  request.kernel = kernel.path();
  if (initrd_bytes > 0) request.initrd = initrd.path();
  request.command_line = "console=ttyS0";
  try {
    static_cast<void>(vmm::boot::is_linux(request.kernel));
    static_cast<void>(vmm::boot::load(request, guest_memory()));
  } catch (const vmm::HostError&) {
    // The one line that a user sees.
  }
  return 0;
}
