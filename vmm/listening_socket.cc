#include "virtcrypt/vmm/listening_socket.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <system_error>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm {
namespace {

using Protocol = asio::local::stream_protocol;

bool somebody_listens(asio::io_context& context, const Protocol::endpoint& endpoint) {
  Protocol::socket probe(context);
  std::error_code error;
  probe.connect(endpoint, error);
  return !error;
}

// What an earlier run that was killed has left behind.
void remove_dead_socket(asio::io_context& context, const std::string& path, const char* what) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  if (somebody_listens(context, endpoint_of(path, what)))
    throw HostError(fmt::format("{} '{}' is in use by another program; choose another path", what, path));
  ::unlink(path.c_str());
}

}  // namespace

Protocol::endpoint endpoint_of(const std::string& path, const char* what) {
  constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.size() > kLongestPath) {
    throw HostError(
        fmt::format("{} '{}': a path has 1 to {} bytes; choose another", what, path, kLongestPath));
  }
  return Protocol::endpoint(path);
}

void check_socket_path(const std::string& path, const char* what) {
  (void)endpoint_of(path, what);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored))
    throw HostError(fmt::format("cannot listen on {} '{}': {} is no folder; choose another path", what, path,
                                folder.string()));
}

Protocol::acceptor listen_on(asio::io_context& context, const std::string& path, const char* what) {
  const Protocol::endpoint endpoint = endpoint_of(path, what);
  remove_dead_socket(context, path, what);
  Protocol::acceptor acceptor(context);
  std::error_code error;
  acceptor.open(endpoint.protocol());
  const mode_t old_mask = ::umask(S_IRWXG | S_IRWXO);
  acceptor.bind(endpoint, error);
  ::umask(old_mask);
  if (!error) acceptor.listen(Protocol::socket::max_listen_connections, error);
  if (error)
    throw HostError(
        fmt::format("cannot listen on {} '{}': {}; choose another path", what, path, error.message()));
  return acceptor;
}

}  // namespace virtcrypt::vmm
