#include "tests/driver/vhost_user/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

namespace virtcrypt::test {
namespace {

using virtio::vhost_user::Message;

constexpr int kPatienceMs = 20'000;
constexpr std::size_t kHeaderBytes = 12, kMostDescriptors = 32;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Message message_of(const FrontEndMessage& from) {
  Message message;
  message.header = {from.request, from.flags, static_cast<std::uint32_t>(from.payload.size())};
  message.payload = from.payload;
  for (const int fd : from.descriptors)
    message.descriptors.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return message;
}

}  // namespace

Bytes wire_form(const FrontEndMessage& message) {
  return Wire()
      .le32(message.request)
      .le32(message.flags)
      .le32(static_cast<std::uint32_t>(message.payload.size()))
      .bytes(message.payload)
      .done();
}

std::optional<virtio::vhost_user::Reply> DirectChannel::carry_out(const FrontEndMessage& message) {
  auto reply = backend_->handle(message_of(message));
  if (reply) return std::move(*reply);
  backend_->disconnect();
  throw ConnectionEnded(reply.error());
}

BackEndReply DirectChannel::ask(const FrontEndMessage& message) {
  const auto reply = carry_out(message);
  if (!reply) throw std::runtime_error("the back-end does not answer");
  const int fd = reply->descriptor;
  return {reply->payload,
          fd < 0 ? virtio::FileDescriptor() : virtio::FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0))};
}

void DirectChannel::tell(const FrontEndMessage& message) {
  if (carry_out(message)) throw std::runtime_error("the back-end answers unasked");
}

SocketChannel SocketChannel::connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  for (;;) {
    virtio::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return SocketChannel(std::move(socket));
    if (std::chrono::steady_clock::now() > end) fail("connect");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void SocketChannel::tell(const FrontEndMessage& message) {
  Bytes bytes = wire_form(message);
  iovec all{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> control{};
  msghdr header{};
  header.msg_iov = &all;
  header.msg_iovlen = 1;
  const std::size_t fd_bytes = sizeof(int) * message.descriptors.size();
  if (fd_bytes > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fd_bytes);
    cmsghdr* const passed = CMSG_FIRSTHDR(&header);
    passed->cmsg_level = SOL_SOCKET;
    passed->cmsg_type = SCM_RIGHTS;
    passed->cmsg_len = CMSG_LEN(fd_bytes);
    std::memcpy(CMSG_DATA(passed), message.descriptors.data(), fd_bytes);
  }
  if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    throw ConnectionEnded("the message cannot be sent");
}

void SocketChannel::send_raw(std::span<const std::byte> bytes) {
  if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    throw ConnectionEnded("the bytes cannot be sent");
}

void SocketChannel::receive_all(std::span<std::byte> bytes, virtio::FileDescriptor* descriptor) {
  while (!bytes.empty()) {
    pollfd readable{socket_.get(), POLLIN, 0};
    if (::poll(&readable, 1, kPatienceMs) != 1) throw std::runtime_error("the back-end does not answer");
    iovec rest{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &rest;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
    if (got <= 0) throw ConnectionEnded("the back-end has closed the connection");
    if (const cmsghdr* passed = CMSG_FIRSTHDR(&header); passed != nullptr) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(passed), sizeof fd);
      virtio::FileDescriptor taken(fd);
      if (descriptor != nullptr) *descriptor = std::move(taken);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

BackEndReply SocketChannel::receive(std::uint32_t request) {
  BackEndReply reply;
  std::array<std::uint32_t, 3> header{};
  static_assert(sizeof header == kHeaderBytes);
  receive_all(std::as_writable_bytes(std::span(header)), &reply.descriptor);
  if (header[0] != request || header[1] != (vu::kVersion1 | vu::kReply))
    throw std::runtime_error("this is no answer to the request");
  reply.payload.resize(header[2]);
  receive_all(reply.payload, nullptr);
  return reply;
}

BackEndReply SocketChannel::ask(const FrontEndMessage& message) {
  tell(message);
  return receive(message.request);
}

bool SocketChannel::is_ended() {
  pollfd readable{socket_.get(), POLLIN, 0};
  std::byte one{};
  return ::poll(&readable, 1, kPatienceMs) == 1 && ::recv(socket_.get(), &one, 1, 0) <= 0;
}

}  // namespace virtcrypt::test
