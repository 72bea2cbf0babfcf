#include "virtcrypt/vmm/control_socket.h"

#include <unistd.h>

#include <istream>
#include <memory>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/listening_socket.h"

namespace virtcrypt::vmm {
namespace {

using Protocol = asio::local::stream_protocol;

}  // namespace

// Accepts clients, as long as there are not too many. Its connections may outlive it: they end with the loop.
class ControlSocket::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, Handler handler) : acceptor(context), handler_(std::move(handler)) {}

  void accept();
  [[nodiscard]] std::string answer(std::string_view line) const { return handler_(line); }

  Protocol::acceptor acceptor;

 private:
  class Connection;

  void client_left() {
    if (clients_-- == kMaxClients && acceptor.is_open()) accept();
  }

  Handler handler_;
  std::size_t clients_ = 0;
};

// One client: its lines are answered in order until it closes.
class ControlSocket::Listener::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Protocol::socket socket, std::weak_ptr<Listener> listener)
      : socket_(std::move(socket)), listener_(std::move(listener)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    // Closed before another one is accepted: descriptors are few.
    std::error_code ignored;
    socket_.close(ignored);
    if (const auto listener = listener_.lock()) listener->client_left();
  }

  void read() {
    asio::async_read_until(socket_, buffer_, '\n',
                           [self = shared_from_this()](const std::error_code& error, std::size_t) {
                             if (!error) self->answer();
                           });
  }

 private:
  void answer() {
    const auto listener = listener_.lock();
    if (listener == nullptr) return;
    std::istream stream(&buffer_);
    std::string line;
    std::getline(stream, line);
    answer_ = listener->answer(line) + '\n';
    asio::async_write(socket_, asio::buffer(answer_),
                      [self = shared_from_this()](const std::error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  Protocol::socket socket_;
  const std::weak_ptr<Listener> listener_;
  asio::streambuf buffer_{ControlSocket::kMaxLine};
  std::string answer_;
};

void ControlSocket::Listener::accept() {
  acceptor.async_accept([self = weak_from_this()](const std::error_code& error, Protocol::socket socket) {
    const auto listener = self.lock();
    if (error || listener == nullptr) return;
    ++listener->clients_;
    std::make_shared<Connection>(std::move(socket), listener)->read();
    if (listener->clients_ < kMaxClients) listener->accept();
  });
}

ControlSocket::ControlSocket(asio::io_context& context, const std::string& path, Handler handler)
    : path_(path), listener_(std::make_shared<Listener>(context, std::move(handler))) {
  listener_->acceptor = listen_on(context, path, kWhat);
  listener_->accept();
}

ControlSocket::~ControlSocket() {
  std::error_code error;
  listener_->acceptor.close(error);
  ::unlink(path_.c_str());
}

std::string ask_control_socket(const std::string& path, std::string_view line) {
  asio::io_context context;
  Protocol::socket socket(context);
  std::error_code error;
  socket.connect(endpoint_of(path, ControlSocket::kWhat), error);
  if (error) {
    throw HostError(
        fmt::format("nobody answers at control socket '{}': {}; start a guest with 'virtcrypt run "
                    "--control {}'",
                    path, error.message(), path));
  }
  const std::string request = std::string(line) + '\n';
  std::string answer;
  asio::write(socket, asio::buffer(request), error);
  if (!error) asio::read_until(socket, asio::dynamic_buffer(answer), '\n', error);
  if (error) throw HostError(fmt::format("control socket '{}': {}", path, error.message()));
  answer.resize(answer.find('\n'));
  return answer;
}

}  // namespace virtcrypt::vmm
