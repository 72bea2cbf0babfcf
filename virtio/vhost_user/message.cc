#include "virtcrypt/virtio/vhost_user/message.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace virtcrypt::virtio::vhost_user {
namespace {

using Ended = Unexpected<std::string>;

}  // namespace

Message::~Message() {
  if (!payload.empty()) ::explicit_bzero(payload.data(), payload.size());
}

MessageSocket::MessageSocket(FileDescriptor socket) : socket_(std::move(socket)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

// Never reads beyond the message: descriptors come with the first byte of theirs.
Expected<std::optional<Message>, std::string> MessageSocket::receive() {
  const auto header = std::as_writable_bytes(std::span(&incoming_.header, 1));
  if (header_bytes_ < header.size()) {
    const auto progress = fill(header, header_bytes_);
    if (!progress) return Ended(progress.error());
    if (*progress == Progress::kMoreToCome) return std::nullopt;
    if (incoming_.header.size > kMaxPayload) return Ended("a message is longer than any that there is");
    incoming_.payload.resize(incoming_.header.size);
  }
  if (payload_bytes_ < incoming_.payload.size()) {
    const auto progress = fill(incoming_.payload, payload_bytes_);
    if (!progress) return Ended(progress.error());
    if (*progress == Progress::kMoreToCome) return std::nullopt;
  }
  header_bytes_ = payload_bytes_ = 0;
  Message message = std::move(incoming_);
  incoming_.payload.clear();
  incoming_.descriptors.clear();
  return message;
}

Expected<MessageSocket::Progress, std::string> MessageSocket::fill(std::span<std::byte> bytes,
                                                                   std::size_t& have) {
  while (have < bytes.size()) {
    iovec rest{bytes.data() + have, bytes.size() - have};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control{};
    msghdr header{};
    header.msg_iov = &rest;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Progress::kMoreToCome;
    if (got < 0) return Ended(std::generic_category().message(errno));
    if (!take_descriptors(&header)) return Ended("a message has too many descriptors");
    if (got == 0) return Ended(header_bytes_ == 0 ? kClosed : "closed within a message");
    have += static_cast<std::size_t>(got);
  }
  return Progress::kDone;
}

bool MessageSocket::take_descriptors(void* message_header) {
  auto& header = *static_cast<msghdr*>(message_header);
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      incoming_.descriptors.emplace_back(fd);
    }
  }
  return (header.msg_flags & MSG_CTRUNC) == 0 && incoming_.descriptors.size() <= kMaxDescriptors;
}

bool MessageSocket::answer(Request request, const Reply& reply) {
  const Header head{static_cast<std::uint32_t>(request), kVersion | kReplyFlag,
                    static_cast<std::uint32_t>(reply.payload.size())};
  const auto head_bytes = std::as_bytes(std::span(&head, 1));
  outgoing_.assign(head_bytes.begin(), head_bytes.end());
  outgoing_.insert(outgoing_.end(), reply.payload.begin(), reply.payload.end());
  sent_ = 0;
  passed_ = FileDescriptor(reply.descriptor < 0 ? -1 : ::fcntl(reply.descriptor, F_DUPFD_CLOEXEC, 0));
  if (reply.descriptor >= 0 && !passed_) return false;
  return flush();
}

bool MessageSocket::flush() {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  while (sent_ < outgoing_.size()) {
    iovec rest{outgoing_.data() + sent_, outgoing_.size() - sent_};
    msghdr header{};
    header.msg_iov = &rest;
    header.msg_iovlen = 1;
    if (passed_) {
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      cmsghdr* const passed = CMSG_FIRSTHDR(&header);
      passed->cmsg_level = SOL_SOCKET;
      passed->cmsg_type = SCM_RIGHTS;
      passed->cmsg_len = CMSG_LEN(sizeof(int));
      const int fd = passed_.get();
      std::memcpy(CMSG_DATA(passed), &fd, sizeof fd);
    }
    const ssize_t put = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    passed_ = FileDescriptor();
    sent_ += static_cast<std::size_t>(put);
  }
  outgoing_.clear();
  return true;
}

}  // namespace virtcrypt::virtio::vhost_user
