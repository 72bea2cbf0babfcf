// Memory shared with a front-end that keeps it while this process is gone: records of what is in flight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "virtcrypt/virtio/expected.h"
#include "virtcrypt/virtio/file_descriptor.h"
#include "virtcrypt/virtio/vhost_user/memory_table.h"
#include "virtcrypt/virtio/vhost_user/protocol.h"

namespace virtcrypt::virtio::vhost_user {

// One part for each split queue. Thread-safety: one thread.
class InflightArea {
 public:
  // A new one: empty records for the queues of the description.
  [[nodiscard]] static Expected<InflightArea, std::string> create(const InflightDescription& wanted);
  // One that a front-end has kept.
  [[nodiscard]] static Expected<InflightArea, std::string> map(const InflightDescription& described, int fd);

  // As GET_INFLIGHT_FD answers. The descriptor is there until the area goes; -1 for one that was mapped.
  [[nodiscard]] const InflightDescription& description() const { return description_; }
  [[nodiscard]] int fd() const { return file_.get(); }

  // Of queue `index`, if it has a part; each SplitInflight of it is for queues of queue_size().
  [[nodiscard]] std::optional<std::span<std::byte>> part(std::size_t index) const;
  [[nodiscard]] std::uint16_t queue_size() const { return description_.queue_size; }

 private:
  InflightArea(const InflightDescription& description, SharedMapping mapping, FileDescriptor file)
      : description_(description), mapping_(std::move(mapping)), file_(std::move(file)) {}

  InflightDescription description_;
  SharedMapping mapping_;
  FileDescriptor file_;
};

}  // namespace virtcrypt::virtio::vhost_user
