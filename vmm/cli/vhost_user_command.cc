// `virtcrypt vhost-user`: the crypto device for a virtual machine monitor of somebody else.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <signal.h>

#include <spdlog/spdlog.h>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <nlohmann/json.hpp>

#include "virtcrypt/devices/crypto/session_messages.h"
#include "virtcrypt/virtio/vhost_user/backend.h"
#include "virtcrypt/vmm/cli/commands.h"
#include "virtcrypt/vmm/cli/crypto_options.h"
#include "virtcrypt/vmm/cli/process_options.h"
#include "virtcrypt/vmm/crypto_function.h"
#include "virtcrypt/vmm/listening_socket.h"
#include "virtcrypt/vmm/sandbox/sandbox.h"
#include "virtcrypt/vmm/vhost_user_server.h"

namespace virtcrypt::vmm::cli {
namespace {

using devices::crypto_dev::Device;
using sandbox::ThreadKind;
using virtio::vhost_user::Backend;

struct VhostUserOptions {
  ProcessOptions process;
  std::optional<std::string> socket;
  std::optional<int> fd;
  std::string crypto;
};

constexpr const char* kFooter =
    "With QEMU, one data queue for each of its queues:\n"
    "  virtcrypt vhost-user --socket /tmp/crypto.sock --crypto queues=2\n"
    "  qemu-system-x86_64 ... -object memory-backend-memfd,id=ram,size=1G,share=on -machine "
    "memory-backend=ram \\\n"
    "    -chardev socket,id=vc,path=/tmp/crypto.sock \\\n"
    "    -object cryptodev-vhost-user,id=crypto0,chardev=vc,queues=2 \\\n"
    "    -device virtio-crypto-pci,cryptodev=crypto0\n"
    "\n"
    "Front-ends are served one after another, until SIGINT or SIGTERM.\n"
    "\n"
    "Exit codes: 0 ended by a signal, or --fd's front-end has left; 1 something on this host is wrong;\n"
    "2 wrong options; 14 the program tried what its sandbox forbids";

// Eventfds of the queues, the device's own of them and the front-end's, memory regions, and some more.
std::size_t descriptors_for(const CryptoOptions& crypto) {
  constexpr std::size_t kForEachQueue = 6, kOthers = 64;
  return (crypto.queues + 1) * kForEachQueue + kOthers;
}

// A device and who may come for it.
class Service {
 public:
  Service(const CryptoOptions& crypto, const VhostUserOptions& options, sandbox::Sandbox& sandbox)
      : sandbox_(sandbox),
        device_(make_crypto_device(crypto, "crypto0", make_trace(options.process),
                                   {.io_thread_started = sandbox.thread_start(ThreadKind::kIo),
                                    .worker_started = sandbox.thread_start(ThreadKind::kWorker)})),
        sessions_(*device_),
        backend_(*device_, crypto.dialect == CryptoDialect::kStandard ? &sessions_ : nullptr,
                 {.log =
                      [this](std::string_view line) {
                        device_->log().write(spdlog::level::warn, "vhost-user: {}", line);
                      },
                  .queues_with_sessions = static_cast<std::uint16_t>(crypto.queues)}),
        signals_(context_, SIGINT, SIGTERM) {
    for (const int number : {SIGHUP, SIGQUIT})
      signals_.add(number);
    // A front-end may pass a pipe for an eventfd and close its end.
    ::signal(SIGPIPE, SIG_IGN);
    if (options.fd) {
      server_.emplace(context_, backend_, *options.fd, [this] { context_.stop(); });
    } else {
      server_.emplace(context_, backend_, *options.socket);
    }
  }

  int run() {
    signals_.async_wait([this](const std::error_code& error, int) {
      if (!error) context_.stop();
    });
    sandbox_.confine_event_loop();
    context_.run();
    server_.reset();
    spdlog::info("vhost-user: ended");
    return kExitSuccess;
  }

 private:
  sandbox::Sandbox& sandbox_;
  const std::unique_ptr<Device> device_;
  devices::crypto_dev::SessionMessages sessions_;
  Backend backend_;
  asio::io_context context_;
  asio::signal_set signals_;
  std::optional<VhostUserServer> server_;
};

int serve(const VhostUserOptions& options) {
  if (options.socket) check_socket_path(*options.socket, VhostUserServer::kWhat);
  sandbox::Options wanted = begin_sandbox(options.process);
  set_up_process(options.process);
  const CryptoOptions crypto = *parse_crypto_options(options.crypto);  // checked with the command line
  if (options.fd) {
    const auto own = std::remove(wanted.inherited.begin(), wanted.inherited.end(), *options.fd);
    wanted.inherited.erase(own, wanted.inherited.end());
  }
  wanted.control_socket = options.socket;
  wanted.clients = descriptors_for(crypto);
  wanted.vhost_user = true;
  sandbox::Sandbox sandbox(std::move(wanted));
  return Service(crypto, options, sandbox).run();
}

// As the conventions for back-end programs have it (vhost-user protocol): at once, whatever else was given.
[[noreturn]] void print_capabilities() {
  fmt::print("{}\n", nlohmann::json{{"type", "crypto"}}.dump());
  throw CLI::Success();
}

}  // namespace

Command add_vhost_user_command(CLI::App& app) {
  auto options = std::make_shared<VhostUserOptions>();
  CLI::App* const command =
      app.add_subcommand("vhost-user", "Serve another monitor's guest, QEMU's for one, with the device");
  CLI::Option* const socket =
      command->add_option("--socket,--socket-path", options->socket, "Listen there, a Unix socket")
          ->type_name("PATH");
  CLI::Option* const fd =
      command
          ->add_option("--fd", options->fd,
                       "Use this inherited descriptor: a socket that listens, or that is connected")
          ->type_name("N")
          ->check(CLI::Range(3, 1 << 20))
          ->excludes(socket);
  command
      ->add_option(
          "--crypto", options->crypto,
          "What the device is like; its queues do not count the control queue." + crypto_options_help())
      ->type_name("KEY=N,...")
      ->check(checked_by(parse_crypto_options));
  command
      ->add_flag_callback("--print-capabilities", print_capabilities,
                          "Print what this back-end is, as JSON, and exit")
      ->trigger_on_parse();
  add_log_options(*command, options->process);
  add_trace_options(*command, options->process);
  add_sandbox_options(*command, options->process);
  command->footer(kFooter);
  command->callback([socket, fd] {
    if (socket->count() + fd->count() == 0) throw CLI::RequiredError("--socket PATH, or --fd N,");
  });
  return [options] { return serve(*options); };
}

}  // namespace virtcrypt::vmm::cli
