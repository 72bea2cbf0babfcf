// Unix sockets that this program listens on.
#pragma once

#include <string>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

namespace virtcrypt::vmm {

// `what` names the socket in errors. HostError when a path is empty or too long.
[[nodiscard]] asio::local::stream_protocol::endpoint endpoint_of(const std::string& path, const char* what);

// HostError when no socket can be made at `path`, as far as that can be said beforehand: the sandbox, which
// is made earlier, would complain of the folder alone.
void check_socket_path(const std::string& path, const char* what);

// Only the user who runs the program may connect. HostError when `path` cannot be listened on, or is in use.
// A socket that nobody listens on any more is replaced; no other kind of file is. The caller removes the file
// in the end.
[[nodiscard]] asio::local::stream_protocol::acceptor listen_on(asio::io_context& context,
                                                               const std::string& path, const char* what);

}  // namespace virtcrypt::vmm
