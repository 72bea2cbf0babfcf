#include "virtcrypt/virtio/vhost_user/inflight_area.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <system_error>
#include <utility>

#include "virtcrypt/virtio/ring_queue.h"
#include "virtcrypt/virtio/split_inflight.h"

namespace virtcrypt::virtio::vhost_user {
namespace {

using Refused = Unexpected<std::string>;

bool is_sensible(const InflightDescription& described) {
  return described.num_queues >= 1 && described.num_queues <= kVringIndexMask + 1 &&
         std::has_single_bit(described.queue_size) && described.queue_size <= kMaxQueueSize;
}

std::uint64_t bytes_for(const InflightDescription& described) {
  return std::uint64_t{SplitInflight::bytes_for(described.queue_size)} * described.num_queues;
}

}  // namespace

Expected<InflightArea, std::string> InflightArea::create(const InflightDescription& wanted) {
  if (!is_sensible(wanted)) return Refused("no number of queues, or no queue size, that there is");
  const std::uint64_t bytes = bytes_for(wanted);
  FileDescriptor file(::memfd_create("virtcrypt-inflight", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0)
    return Refused("memfd: " + std::generic_category().message(errno));
  // Nobody can take the memory away under this process.
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  auto mapping = SharedMapping::map(file.get(), 0, bytes);
  if (!mapping) return Refused(mapping.error());
  InflightDescription description = wanted;
  description.mmap_size = bytes;
  description.mmap_offset = 0;
  return InflightArea(description, std::move(*mapping), std::move(file));
}

Expected<InflightArea, std::string> InflightArea::map(const InflightDescription& described, int fd) {
  if (!is_sensible(described)) return Refused("no number of queues, or no queue size, that there is");
  if (described.mmap_size < bytes_for(described)) return Refused("it is too small for its queues");
  if (described.mmap_offset % alignof(std::uint64_t) != 0) return Refused("its offset is not aligned");
  auto mapping = SharedMapping::map(fd, described.mmap_offset, described.mmap_size);
  if (!mapping) return Refused(mapping.error());
  return InflightArea(described, std::move(*mapping), FileDescriptor());
}

std::optional<std::span<std::byte>> InflightArea::part(std::size_t index) const {
  if (index >= description_.num_queues) return std::nullopt;
  const std::size_t bytes = SplitInflight::bytes_for(description_.queue_size);
  return mapping_.bytes().subspan(index * bytes, bytes);
}

}  // namespace virtcrypt::virtio::vhost_user
