// Messages of the vhost-user protocol, and the socket that they come through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/virtio/expected.h"
#include "virtcrypt/virtio/file_descriptor.h"
#include "virtcrypt/virtio/vhost_user/protocol.h"

namespace virtcrypt::virtio::vhost_user {

// A request of a front-end. Its payload may hold keys: it is wiped at the end.
struct Message {
  Message() = default;
  Message(Message&&) = default;
  Message& operator=(Message&&) = delete;
  ~Message();

  Header header{};
  std::vector<std::byte> payload;  // header.size bytes
  std::vector<FileDescriptor> descriptors;
};

struct Reply {
  std::vector<std::byte> payload;
  int descriptor = -1;  // passed along; stays the sender's
};

// One connection. Thread-safety: one thread.
class MessageSocket {
 public:
  // `socket` is a connected Unix stream socket; becomes non-blocking.
  explicit MessageSocket(FileDescriptor socket);

  [[nodiscard]] int fd() const { return socket_.get(); }

  // The next message, once all of it has come; nothing when the rest is still to come. The error says in a
  // few words why the connection is over; kClosed when the other side has closed it between two messages.
  [[nodiscard]] Expected<std::optional<Message>, std::string> receive();
  static constexpr const char* kClosed = "closed by the front-end";

  // The answer to a request: as much of it goes out as the other side takes now, the rest with flush(). One
  // answer at a time. False when the other side has gone.
  [[nodiscard]] bool answer(Request request, const Reply& reply);
  [[nodiscard]] bool flush();
  // Nothing is left for flush().
  [[nodiscard]] bool is_answered() const { return outgoing_.empty(); }

 private:
  enum class Progress { kDone, kMoreToCome };
  [[nodiscard]] Expected<Progress, std::string> fill(std::span<std::byte> bytes, std::size_t& have);
  [[nodiscard]] bool take_descriptors(void* message_header);

  FileDescriptor socket_;
  Message incoming_;
  std::size_t header_bytes_ = 0, payload_bytes_ = 0;  // that have come
  std::vector<std::byte> outgoing_;
  std::size_t sent_ = 0;   // of those
  FileDescriptor passed_;  // goes with the first of them
};

}  // namespace virtcrypt::virtio::vhost_user
