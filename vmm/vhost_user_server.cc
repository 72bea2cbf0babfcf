#include "virtcrypt/vmm/vhost_user_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <spdlog/spdlog.h>

#include "virtcrypt/virtio/file_descriptor.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/listening_socket.h"

namespace virtcrypt::vmm {
namespace {

using virtio::FileDescriptor;
using virtio::vhost_user::Message;
using virtio::vhost_user::MessageSocket;
using virtio::vhost_user::Request;

// A front-end that writes messages without end leaves the other handlers their turn.
constexpr int kMessagesInARow = 64;
constexpr const char* kNotTaken = "the front-end does not take its answer";

int pid_of_peer(int socket) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) == 0 ? credentials.pid : 0;
}

bool has_ended(int pidfd) {
  pollfd poll_fd{pidfd, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) != 0;
}

int socket_option(int fd, int option) {
  int value = -1;
  socklen_t bytes = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &bytes) == 0 ? value : -1;
}

}  // namespace

VhostUserServer::VhostUserServer(asio::io_context& context, virtio::vhost_user::Backend& backend,
                                 const std::string& path)
    : context_(context),
      backend_(backend),
      path_(path),
      acceptor_(listen_on(context, path, kWhat)),
      retry_(context) {
  spdlog::info("vhost-user: waiting for a front-end at {}", path);
  accept();
}

VhostUserServer::VhostUserServer(asio::io_context& context, virtio::vhost_user::Backend& backend, int fd,
                                 std::function<void()> ended)
    : context_(context), backend_(backend), ended_(std::move(ended)), acceptor_(context), retry_(context) {
  if (socket_option(fd, SO_DOMAIN) != AF_UNIX || socket_option(fd, SO_TYPE) != SOCK_STREAM)
    throw HostError(fmt::format("--fd {}: this is no Unix stream socket that was passed on", fd));
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (socket_option(fd, SO_ACCEPTCONN) == 1) {
    acceptor_.assign(Protocol(), fd);
    ended_ = nullptr;  // others may come
    accept();
  } else {
    Protocol::socket socket(context);
    socket.assign(Protocol(), fd);
    serve(std::move(socket));
  }
}

VhostUserServer::~VhostUserServer() {
  std::error_code ignored;
  acceptor_.close(ignored);
  if (!path_.empty()) ::unlink(path_.c_str());
  backend_.disconnect();
}

void VhostUserServer::accept() {
  acceptor_.async_accept([this](const std::error_code& error, Protocol::socket socket) {
    if (!error) return serve(std::move(socket));
    if (error == asio::error::operation_aborted) return;
    accept_later(error.message());
  });
}

// What is missing, descriptors as a rule, will be missing at once again.
void VhostUserServer::accept_later(const std::string& why) {
  spdlog::warn("vhost-user: a front-end could not be let in: {}; trying again in a second", why);
  retry_.expires_after(std::chrono::seconds(1));
  retry_.async_wait([this](const std::error_code& error) {
    if (!error) accept();
  });
}

void VhostUserServer::serve(Protocol::socket socket) {
  FileDescriptor to_wait(::fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0));
  FileDescriptor to_read(::fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0));
  if (!to_wait || !to_read) return accept_later(std::generic_category().message(errno));
  meet(to_read.get());
  connection_.emplace(std::move(to_read));
  readable_.emplace(context_, to_wait.release());
  wait_until(asio::posix::stream_descriptor::wait_read);
}

// Sessions are the process's that made them.
void VhostUserServer::meet(int socket) {
  const int pid = pid_of_peer(socket);
  if (peer_ != nullptr && peer_->pid == pid && !has_ended(peer_->alive.native_handle())) {
    spdlog::info("vhost-user: the front-end (process {}) is back", pid);
    return;
  }
  backend_.reset_device();
  peer_.reset();
  spdlog::info("vhost-user: a front-end has come (process {})", pid);
  const int pidfd = pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
  if (pidfd < 0) return;
  peer_.reset(new Peer{pid, asio::posix::stream_descriptor(context_, pidfd)});
  watch_peer();
}

void VhostUserServer::watch_peer() {
  peer_->alive.async_wait(asio::posix::stream_descriptor::wait_read, [this](const std::error_code& error) {
    if (error || connection_) return;  // a connection that is left is noticed as such
    forget_peer();
  });
}

void VhostUserServer::forget_peer() {
  peer_.reset();
  backend_.reset_device();
  spdlog::info("vhost-user: the front-end's process has ended, its sessions with it");
}

void VhostUserServer::wait_until(asio::posix::stream_descriptor::wait_type ready) {
  readable_->async_wait(ready, [this](const std::error_code& error) {
    if (error) return;
    if (!connection_->flush()) return end_connection(kNotTaken);
    read_messages();
  });
}

void VhostUserServer::read_messages() {
  for (int i = 0; i < kMessagesInARow; ++i) {
    // Its next message is looked at once it has taken the answer to the last one.
    if (!connection_->is_answered()) return wait_until(asio::posix::stream_descriptor::wait_write);
    auto received = connection_->receive();
    if (!received) return end_connection(received.error());
    if (!*received) break;
    const auto request = static_cast<Request>((*received)->header.request);
    spdlog::debug("vhost-user: {} ({}), {} bytes, {} descriptors", name_of(request),
                  (*received)->header.request, (*received)->payload.size(), (*received)->descriptors.size());
    const auto reply = backend_.handle(std::move(**received));
    if (!reply) return end_connection(reply.error());
    if (*reply && !connection_->answer(request, **reply)) return end_connection(kNotTaken);
  }
  wait_until(connection_->is_answered() ? asio::posix::stream_descriptor::wait_read
                                        : asio::posix::stream_descriptor::wait_write);
}

void VhostUserServer::end_connection(const std::string& why) {
  if (why == MessageSocket::kClosed) {
    spdlog::info("vhost-user: {}", why);
  } else {
    spdlog::warn("vhost-user: connection ended: {}", why);
  }
  backend_.disconnect();
  readable_.reset();
  connection_.reset();
  if (peer_ != nullptr && has_ended(peer_->alive.native_handle())) {
    forget_peer();
  } else if (peer_ == nullptr) {
    backend_.reset_device();  // nobody could be told from whoever comes next
  }
  if (ended_) return ended_();
  accept();
}

}  // namespace virtcrypt::vmm
