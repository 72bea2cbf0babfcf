// Serves vhost-user front-ends, one after another, at a Unix socket.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "virtcrypt/virtio/vhost_user/backend.h"
#include "virtcrypt/virtio/vhost_user/message.h"

namespace virtcrypt::vmm {

// A front-end whose connection ended finds its sessions again when it comes back, if it is the same process;
// when that ends, or another one comes, the device is reset. Further front-ends wait until the first has
// left. Thread-safety: the thread that runs the context; it must not run any more when this object goes.
class VhostUserServer {
 public:
  static constexpr const char* kWhat = "vhost-user socket";  // in errors

  // Listens at `path`; HostError. The file is removed in the end.
  VhostUserServer(asio::io_context& context, virtio::vhost_user::Backend& backend, const std::string& path);
  // Takes over an inherited socket, which listens or is connected; HostError. `ended` is called when the one
  // connection that there is has ended.
  VhostUserServer(asio::io_context& context, virtio::vhost_user::Backend& backend, int fd,
                  std::function<void()> ended);
  ~VhostUserServer();
  VhostUserServer(const VhostUserServer&) = delete;
  VhostUserServer& operator=(const VhostUserServer&) = delete;

 private:
  using Protocol = asio::local::stream_protocol;
  // A process, as long as it lives.
  struct Peer {
    int pid;
    asio::posix::stream_descriptor alive;  // becomes readable when it ends
  };

  void accept();
  void accept_later(const std::string& why);
  void serve(Protocol::socket socket);
  void meet(int socket);
  void watch_peer();
  void forget_peer();
  void wait_until(asio::posix::stream_descriptor::wait_type ready);
  void read_messages();
  void end_connection(const std::string& why);

  asio::io_context& context_;
  virtio::vhost_user::Backend& backend_;
  std::string path_;  // empty: inherited
  std::function<void()> ended_;
  Protocol::acceptor acceptor_;
  asio::steady_timer retry_;
  std::optional<asio::posix::stream_descriptor> readable_;  // the connection's, for waiting
  std::optional<virtio::vhost_user::MessageSocket> connection_;
  std::unique_ptr<Peer> peer_;  // the last one that was served, if it is known
};

}  // namespace virtcrypt::vmm
