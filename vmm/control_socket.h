// A Unix socket that takes commands while a guest runs: one line in, one line out.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <asio/io_context.hpp>

namespace virtcrypt::vmm {

// Thread-safety: the thread that runs `context`. Only the user who runs the program may connect. The socket's
// file is removed at the end.
class ControlSocket {
 public:
  // Gets a line without its end, returns the answer without one.
  using Handler = std::function<std::string(std::string_view line)>;

  // Throws HostError when `path` cannot be listened on, or is in use. A socket that nobody listens on any
  // more is replaced; no other kind of file is.
  ControlSocket(asio::io_context& context, const std::string& path, Handler handler);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  static constexpr const char* kWhat = "control socket";  // in errors
  // Longest line, in bytes; who sends more is cut off.
  static constexpr std::size_t kMaxLine = 4096;
  // Connected at once; more wait until one leaves.
  static constexpr std::size_t kMaxClients = 8;

 private:
  class Listener;

  std::string path_;
  std::shared_ptr<Listener> listener_;
};

// The other end: sends one line, returns the answer. Throws HostError when nobody answers at `path`.
[[nodiscard]] std::string ask_control_socket(const std::string& path, std::string_view line);

}  // namespace virtcrypt::vmm
